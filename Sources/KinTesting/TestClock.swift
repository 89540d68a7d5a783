import Synchronization

/// A clock that moves only when told to. Milliseconds.
public final class TestClock: Sendable {
    /// 2026-01-01 00:00 UTC.
    public static let start: Int64 = 1_767_225_600_000

    private let time: Mutex<Int64>

    public init(_ time: Int64 = start) { self.time = Mutex(time) }

    public var now: Int64 { time.withLock { $0 } }

    public func advance(by milliseconds: Int64) { time.withLock { $0 += milliseconds } }
}
