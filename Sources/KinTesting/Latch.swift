import Foundation

/// Holds threads back until it is opened; opening it again does nothing.
public final class Latch: @unchecked Sendable {  // every access holds `condition`
    private let condition = NSCondition()
    private var isOpen = false

    public init() {}

    public func open() {
        condition.lock()
        isOpen = true
        condition.broadcast()
        condition.unlock()
    }

    /// Blocks the calling thread; not for tasks.
    public func wait() {
        condition.lock()
        while !isOpen { condition.wait() }
        condition.unlock()
    }
}
