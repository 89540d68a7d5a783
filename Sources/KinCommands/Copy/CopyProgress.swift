import Synchronization

/// Shows how far a copy is: bytes, rate and the time that is left, on a terminal; lines beside it anywhere.
final class CopyProgress: Sendable {
    private struct State {
        var bytes: Int64 = 0
        var total: Int64 = 0
        var drawnAt: ContinuousClock.Instant?
    }

    /// Between two drawings: a terminal over a slow line must not hold the copy up.
    private static let pause = Duration.milliseconds(100)

    private let output: Output
    private let line: ProgressLine
    private let state = Mutex(State())

    init(_ output: Output) {
        self.output = output
        line = ProgressLine(output)
    }

    /// What is to be copied.
    func begin(_ bytes: Int64) { state.withLock { $0.total = bytes } }

    var news: CopyNews { CopyNews(moved: { self.move($0) }, note: { self.note($0) }) }

    func end() { line.end() }

    private func move(_ bytes: Int64) {
        let now = ContinuousClock.now
        let shown: (Int64, Int64)? = state.withLock { state in
            state.bytes += bytes
            if let drawn = state.drawnAt, now - drawn < Self.pause, state.bytes < state.total { return nil }
            state.drawnAt = now
            return (state.bytes, state.total)
        }
        if let (bytes, total) = shown { line.show(bytes, of: total) }
    }

    private func note(_ text: String) {
        line.end()
        output.note(text.printable(keepingLines: false), .dim)
    }
}
