import Synchronization

/// A line on the terminal that is written over while bytes move; nothing where nobody watches.
final class ProgressLine: Sendable {
    private struct State {
        var isOpen = false
        /// Where it began to be watched.
        var start: (bytes: Int64, at: ContinuousClock.Instant)?
    }

    private let output: Output
    private let state = Mutex(State())

    init(_ output: Output) { self.output = output }

    func show(_ bytes: Int64, of size: Int64) {
        guard output.notesAreOnTerminal, output.form == .text else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            let start = state.start ?? (bytes, now)
            state.start = start
            let seconds = (now - start.at) / Duration.seconds(1)
            let rate = seconds > 0.5 ? Self.rate(bytes - start.bytes, in: seconds, left: size - bytes) : ""
            let text = "\(Self.bar(bytes, of: size))  \(ByteCount.text(bytes)) of \(ByteCount.text(size))\(rate)"
            output.notePart("\r\(text)\u{1b}[K")
            state.isOpen = true
        }
    }

    /// Takes the line away: what follows says how it ended.
    func end() {
        state.withLock { state in
            if state.isOpen { output.notePart("\r\u{1b}[K") }
            state.isOpen = false
        }
    }

    /// Bytes a second, and how long the rest takes at that.
    static func rate(_ bytes: Int64, in seconds: Double, left: Int64) -> String {
        // Where something goes again there are fewer than before.
        let rate = max(Double(bytes) / seconds, 0)
        let text = "  \(ByteCount.text(Int64(rate)))/s"
        guard rate >= 1, left > 0, Double(left) / rate < 8_640_000 else { return text }
        return text + "  \(Moments.span(Int64(Double(left) / rate * 1000))) left"
    }

    static func bar(_ done: Int64, of total: Int64) -> String {
        let width: Int64 = 20
        let filled = total > 0 ? Int(min(Double(done) / Double(total), 1) * Double(width)) : Int(width)
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: Int(width) - filled) + "]"
    }
}
