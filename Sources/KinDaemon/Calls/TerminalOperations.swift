import KinCalls
import KinEncoding
import KinTerminal
import KinWire

/// `/term/*`: programs on terminals of this device (docs/protocol/terminals.md).
struct TerminalOperations {
    let terminals: Terminals

    func register(in operations: inout Operations) {
        let terminals = terminals
        operations.mutation("/term/open", "Starts a program on a new terminal, or the user's shell") { call in
            try terminals.open(try TerminalRequest(json: call.input)).json
        }
        operations.query("/term/list", "The terminals that are open, and those that ended lately") { _ in
            TerminalInfo.json(terminals.list())
        }
        operations.subscription("/term/attach", "What a terminal shows, and how it ends", Self.attach(terminals))
        operations.mutation("/term/write", "Types: bytes for a terminal's program") { call in
            let input = try TerminalInput(json: call.input)
            try await terminals.write(input.bytes, to: input.id)
            return .object([:])
        }
        operations.mutation("/term/resize", "Gives a terminal another size", isIdempotent: true) { call in
            let resize = try TerminalResize(json: call.input)
            try terminals.resize(resize.id, to: resize.size)
            return .object([:])
        }
        operations.mutation("/term/close", "Ends a terminal's program, and whatever it started") { call in
            try await terminals.close(try TerminalReference(json: call.input).id).json
        }
    }

    /// Whoever takes no more answers holds the program back; whoever gives the call up, or whose link is lost, lets it run on.
    private static func attach(_ terminals: Terminals) -> @Sendable (IncomingCall) async throws -> Void {
        { call in
            let attachment = try TerminalAttachment(json: call.input)
            let output = try terminals.attach(to: attachment.id, from: attachment.start, size: attachment.size)
            defer { output.detach() }
            while let event = await output.next() { try await call.respond(event.json) }
        }
    }
}
