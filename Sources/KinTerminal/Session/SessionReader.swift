import KinWire

/// One who is attached, as the session keeps it.
struct SessionReader {
    /// The largest piece of output at once.
    static let maxPiece = 32 << 10

    typealias Waiter = CheckedContinuation<TerminalEvent?, Never>

    /// nil for one who waits for the end alone.
    var position: Int64?
    /// What comes before anything else.
    var first: [TerminalEvent] = []
    var wasToldEnd = false
    var waiter: Waiter?

    /// What to tell next, if there is anything yet.
    mutating func next(_ record: ScreenRecord, exit: TerminalExit?) -> TerminalEvent? {
        if !first.isEmpty { return first.removeFirst() }
        if let at = position, at < record.ring.end {
            let readable = record.readable(from: at)
            guard readable == at else {
                position = readable
                return .gap(at..<readable)
            }
            let bytes = record.ring.bytes(from: at, limit: Self.maxPiece)
            position = at + Int64(bytes.count)
            return .output(position: at, bytes)
        }
        guard let exit, !wasToldEnd else { return nil }
        wasToldEnd = true
        return .exited(exit)
    }
}
