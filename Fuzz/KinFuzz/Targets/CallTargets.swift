import KinEncoding
import KinWire

extension FuzzTarget {
    static let calls = [
        FuzzTarget(name: "call-event", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let envelope = try? CallEnvelope(frame: bytes) else { return false }
            try promise(try CallEnvelope(frame: envelope.frame()) == envelope, "a call's event is read otherwise")
            if case .requested(let request) = envelope.event {
                try promise(
                    OperationPath(request.operation.description) == request.operation, "a path is written otherwise")
            }
            return true
        },
        FuzzTarget(name: "call-frames", alphabet: "\0\u{1}\u{2}\u{4}{}\"ab") { bytes in
            var (whole, pieces) = (CallFrames(maxFrame: 64), CallFrames(maxFrame: 64))
            guard let frames = try? whole.take(bytes) else { return false }
            let apart = try bytes.flatMap { try pieces.take([$0]) }
            try promise(apart == frames, "frames depend on how their bytes came")
            return !frames.isEmpty
        },
        FuzzTarget(name: "terminal-request", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let json = try? JSON.parse(bytes), let request = try? TerminalRequest(json: json) else {
                return false
            }
            try promise(try TerminalRequest(json: request.json) == request, "a terminal's request is read otherwise")
            return true
        },
        FuzzTarget(name: "terminal-event", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let json = try? JSON.parse(bytes), let event = try? TerminalEvent(json: json) else { return false }
            try promise(try TerminalEvent(json: event.json) == event, "a terminal's event is read otherwise")
            return true
        },
    ]
}
