import KinEncoding
import Synchronization

/// How far uploads and downloads under way have come, in bytes of plaintext.
final class TransferBoard: Sendable {
    /// Milliseconds.
    let now: @Sendable () -> Int64
    private let transferred = Mutex<[ULID: Int64]>([:])

    init(now: @escaping @Sendable () -> Int64) { self.now = now }

    /// nil where nothing is under way.
    subscript(id: ULID) -> Int64? { transferred.withLock { $0[id] } }

    func set(_ id: ULID, _ bytes: Int64) { transferred.withLock { $0[id] = bytes } }

    /// - Parameter start: where it began, if nothing was noted.
    func add(_ id: ULID, _ bytes: Int64, from start: Int64) {
        transferred.withLock { $0[id, default: start] += bytes }
    }

    func end(_ id: ULID) { transferred.withLock { _ = $0.removeValue(forKey: id) } }
}
