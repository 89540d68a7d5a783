import NIOCore

/// Says when to ping and when a silent peer is dead; holds times only, so a test needs no clock.
struct WebSocketKeepAlive {
    enum Action: Equatable {
        case ping
        case wait
        case dead
    }

    private let pingInterval: TimeAmount
    private let deadAfter: TimeAmount
    private var lastPing: NIODeadline
    private var lastHeard: NIODeadline

    init(pingInterval: TimeAmount, deadAfter: TimeAmount, now: NIODeadline) {
        self.pingInterval = pingInterval
        self.deadAfter = deadAfter
        self.lastPing = now
        self.lastHeard = now
    }

    /// When `wake(at:)` has something to do next.
    var nextWake: NIODeadline {
        min(lastPing + pingInterval, lastHeard + deadAfter)
    }

    /// Any byte from the peer proves it alive, a pong being the one it cannot withhold.
    mutating func heard(at now: NIODeadline) {
        lastHeard = now
    }

    mutating func wake(at now: NIODeadline) -> Action {
        if now >= lastHeard + deadAfter { return .dead }
        guard now >= lastPing + pingInterval else { return .wait }
        lastPing = now
        return .ping
    }
}
