import KinEncoding
import KinSQLite
import KinWire
import Synchronization

/// How much of its room the messages that wait take. What was sent is not counted: it is erased in its time.
///
/// At 80 % of the room listeners are told, once each time it is reached; above 95 % nothing new is taken.
public final class OutboxUsage: Sendable {
    public enum Pressure: String, Hashable, Sendable, CaseIterable {
        case none
        /// 80 % and more.
        case high
        /// 95 % and more: nothing new is taken.
        case refusing
        /// 100 % and more, or the disk is full: this device only receives.
        case full
    }

    /// Bytes.
    public static let defaultLimit: Int64 = 1 << 30

    private struct State {
        var bytes: Int64 = 0
        var diskIsFull = false
        var isTold = false
    }

    /// Bytes of contents, at most.
    public let limit: Int64
    private let state = Mutex(State())
    private let onHigh: @Sendable (_ used: Int64, _ limit: Int64) -> Void

    init(limit: Int64, onHigh: @escaping @Sendable (_ used: Int64, _ limit: Int64) -> Void) {
        self.limit = limit
        self.onHigh = onHigh
    }

    /// Bytes of contents that wait.
    public var bytes: Int64 { state.withLock { $0.bytes } }

    public var pressure: Pressure {
        state.withLock { state in
            if state.diskIsFull || state.bytes >= limit { return .full }
            return state.bytes >= share(95) ? .refusing : state.bytes >= share(80) ? .high : .none
        }
    }

    /// The disk is known to be full: whether it still is shows the next write.
    public var diskIsFull: Bool { state.withLock { $0.diskIsFull } }

    /// Takes room for a message, if there is.
    func reserve(_ bytes: Int64) -> Bool {
        state.withLock { state in
            guard state.bytes + bytes <= share(95) else { return false }
            state.bytes += bytes
            return true
        }
    }

    /// More waits, whether there is room or not.
    func add(_ bytes: Int64) { state.withLock { $0.bytes += bytes } }

    func release(_ bytes: Int64) {
        state.withLock { state in
            state.bytes -= bytes
            if state.bytes < share(80) { state.isTold = false }
        }
    }

    /// A write reached the disk, or did not.
    func wrote(_ error: StoreError?) {
        let high = state.withLock { state -> Int64? in
            if error == nil { state.diskIsFull = false } else if error?.code == .full { state.diskIsFull = true }
            guard error == nil, !state.isTold, state.bytes >= share(80) else { return nil }
            state.isTold = true
            return state.bytes
        }
        if let high { onHigh(high, limit) }
    }

    var noRoom: KinError {
        KinError(
            "insufficient_storage",
            "the messages that wait take \(bytes) bytes, and [outbox] max_bytes is \(limit): wait until some have left, or drop some with  kin outbox drop",
            category: .exhausted, retryable: true, detail: ["used": .integer(bytes), "limit": .integer(limit)])
    }

    private func share(_ percent: Int64) -> Int64 { limit / 100 * percent + limit % 100 * percent / 100 }
}
