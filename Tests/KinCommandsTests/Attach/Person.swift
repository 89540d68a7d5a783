import KinEncoding
import KinTerminal
import KinWire
import Testing

/// Who sits at a terminal.
final class Person: Sendable {
    private let terminals: Terminals
    private let id: ULID
    private let output: TerminalOutput
    private let seen = Seen()

    init(_ terminals: Terminals, _ id: ULID, _ output: TerminalOutput) {
        self.terminals = terminals
        self.id = id
        self.output = output
        let seen = seen
        Task {
            while let event = await output.next() {
                if case .output(_, let bytes) = event { seen.add(bytes) }
            }
        }
    }

    var text: String { seen.text }

    func types(_ text: String) async throws { try await terminals.write(Array(text.utf8), to: id) }

    func resizes(columns: Int, rows: Int) throws {
        try terminals.resize(id, to: try #require(TerminalSize(columns: columns, rows: rows)))
    }

    func sees(_ part: String) async throws { try await sees(part) { $0.contains(part) } }

    func sees(twice part: String) async throws { try await sees(part) { $0.components(separatedBy: part).count > 2 } }

    private func sees(_ part: String, _ condition: (String) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !condition(text) {
            guard ContinuousClock.now < deadline else { throw Unseen(part: part, text: text) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    struct Unseen: Error, CustomStringConvertible {
        let part: String
        let text: String
        var description: String { "\(part.debugDescription) was not seen in \(text.suffix(2000).debugDescription)" }
    }
}
