// Real brokers and daemons, which live as long as the process.

extension FuzzTarget {
    static let live = [
        // A member that is connected says anything: another member's session stays open and is served.
        FuzzTarget(name: "broker-session", alphabet: jsonAlphabet, isStructured: true) { input in
            try LiveBroker.shared.get().receive(frame(input))
            return true
        },
        // Anybody who connects says anything first.
        FuzzTarget(name: "broker-opening", alphabet: jsonAlphabet, isStructured: true) { input in
            try LiveBroker.shared.get().open(with: frame(input))
            return true
        },
        // A broker says anything to a daemon whose session is ready.
        FuzzTarget(name: "daemon-session", alphabet: jsonAlphabet, isStructured: true) { input in
            try LiveDaemon.shared.get().receive(frame(input))
            return true
        },
        // A member seals anything for another.
        FuzzTarget(name: "daemon-mail", alphabet: jsonAlphabet, isStructured: true) { inner in
            try LiveDaemon.shared.get().receive(sealed: inner)
        },
    ]
}
