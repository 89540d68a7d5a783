import KinTerminal
import KinWire

/// The near end of `kin attach` where a program rather than a person is here: what is piped in goes to the terminal, and what it puts out comes as plain text.
public struct AttachPiped: Sendable {
    private static let maxWrite = 16 << 10

    private let terminal: any AttachedTerminal
    private let near: NearTerminal
    private let isOwn: Bool
    /// Lines beside the output.
    private let note: @Sendable (String) -> Void

    /// - Parameter isOwn: whether the terminal was opened for these pipes: then it ends where nobody reads what it puts out, and what is piped in is data.
    ///   To another one it is keys, as if somebody typed them.
    public init(
        _ terminal: any AttachedTerminal, near: NearTerminal, isOwn: Bool, note: @escaping @Sendable (String) -> Void
    ) {
        self.terminal = terminal
        self.near = near
        self.isOwn = isOwn
        self.note = note
    }

    /// Until the program there ends, or the output has no reader here. The end of the input is Control-D there.
    /// - Throws: `input_failed`; what `events` and `write` throw.
    public func run(from start: TerminalStart = .position(0)) async throws -> AttachEnd {
        let signals = NearSignals()
        return try await run(from: start, signals: signals.stream)
    }

    func run(from start: TerminalStart, signals: AsyncStream<NearSignal>) async throws -> AttachEnd {
        let input = try NearInput(near.input)
        let events = try await terminal.events(from: start, size: nil)
        return try await withThrowingTaskGroup(of: AttachEnd?.self) { group in
            group.addTask {
                let end = try await show(events)
                // As a program ends whose pipe has no reader. Where it cannot be closed, whoever asks next is told that it runs on.
                if end == .unread, isOwn { try? await terminal.close() }
                return end
            }
            group.addTask {
                do { try await send(input) } catch let error as KinError where error.code == "terminal_ended" {
                    // How it ended comes with the output.
                }
                return nil
            }
            group.addTask {
                for await signal in signals {
                    if case .end(let number) = signal { return .signalled(number) }
                    if signal == .suspend { NearSignals.stopProcess() }
                }
                return nil
            }
            defer {
                input.end()
                group.cancelAll()
            }
            while let result = try await group.next() {
                if let end = result { return end }
            }
            return .detached
        }
    }

    private func show(_ events: any AttachedEvents) async throws -> AttachEnd {
        var plain = PlainOutput()
        while let event = try await events.next() {
            switch event {
            case .screen(_, let bytes), .output(_, let bytes):
                guard near.write(plain.text(bytes)) else { return .unread }
            case .gap(let lost): note("\(lost.count) bytes of output are not kept any more")
            case .exited(let exit): return .exited(exit)
            }
        }
        return .detached
    }

    private func send(_ input: NearInput) async throws {
        var canonical = CanonicalInput()
        while let bytes = await input.next() {
            for start in stride(from: 0, to: bytes.count, by: Self.maxWrite) {
                let piece = bytes[start..<min(start + Self.maxWrite, bytes.count)]
                let typed = canonical.take(piece)
                try await terminal.write(isOwn ? typed : Array(piece))
            }
        }
        guard !Task.isCancelled else { return }
        try await terminal.write(canonical.end)
    }
}
