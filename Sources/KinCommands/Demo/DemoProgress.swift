import KinDemo
import Synchronization

/// Progress on standard error: one line written over on a terminal, a line every ten percent elsewhere.
final class DemoProgress: Sendable {
    private struct State {
        /// The line on the terminal that the next text replaces.
        var hasOpenLine = false
        var tenths = 0
    }

    private let output: Output
    private let state = Mutex(State())

    init(_ output: Output) { self.output = output }

    func show(_ event: DemoEvent) {
        state.withLock { state in
            switch event {
            case .step(let text): note(text, &state)
            case .killed(let part, let sent):
                note("  killed \(part.title) after \(sent) lines; it starts again", &state)
            case .progress(let sent, let received, let total): move(sent, received, of: total, &state)
            }
        }
    }

    /// Closes the line that is still open.
    func end() {
        state.withLock { state in
            if state.hasOpenLine { output.notePart("\n") }
            state.hasOpenLine = false
        }
    }

    private func note(_ text: String, _ state: inout State) {
        if state.hasOpenLine { output.notePart("\r\u{1b}[K") }
        state.hasOpenLine = false
        output.note(text)
    }

    private func move(_ sent: Int, _ received: Int, of total: Int, _ state: inout State) {
        let text = "  \(Self.bar(received, of: total)) sent \(sent), arrived \(received) of \(total)"
        if output.notesAreOnTerminal {
            output.notePart("\r\(text)\u{1b}[K")
            state.hasOpenLine = true
        } else if received * 10 / max(total, 1) > state.tenths {
            state.tenths = received * 10 / max(total, 1)
            output.note(text)
        }
    }

    static func bar(_ done: Int, of total: Int) -> String {
        let width = 20
        let filled = min(width * done / max(total, 1), width)
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "]"
    }
}
