import Foundation

/// Lets reads in until it is closed, and closes when the last has left.
final class ReaderGate: @unchecked Sendable {  // every access holds `condition`
    private let condition = NSCondition()
    private var readers = 0
    private var isClosed = false

    /// Returns whether the reader may go on; it then calls `leave`.
    func enter() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard !isClosed else { return false }
        readers += 1
        return true
    }

    func leave() {
        condition.lock()
        defer { condition.unlock() }
        readers -= 1
        if readers == 0 { condition.broadcast() }
    }

    /// Lets nobody in any more and waits for those inside.
    func close() {
        condition.lock()
        defer { condition.unlock() }
        isClosed = true
        while readers > 0 { condition.wait() }
    }
}
