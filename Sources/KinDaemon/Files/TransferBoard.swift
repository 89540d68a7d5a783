import KinEncoding
import Synchronization

/// How far uploads and downloads under way have come, in bytes of plaintext.
final class TransferBoard: Sendable {
    /// Milliseconds.
    let now: @Sendable () -> Int64
    private let transferred = Mutex<[ULID: Int64]>([:])
    private let missing = Mutex<Set<ULID>>([])

    init(now: @escaping @Sendable () -> Int64) { self.now = now }

    /// nil where nothing is under way.
    subscript(id: ULID) -> Int64? { transferred.withLock { $0[id] } }

    func set(_ id: ULID, _ bytes: Int64) { transferred.withLock { $0[id] = bytes } }

    /// - Parameter start: where it began, if nothing was noted.
    func add(_ id: ULID, _ bytes: Int64, from start: Int64) {
        transferred.withLock { $0[id, default: start] += bytes }
    }

    /// Whether the server had it when it was asked for last.
    func note(_ id: ULID, isThere: Bool) {
        missing.withLock { missing in if isThere { missing.remove(id) } else { missing.insert(id) } }
    }

    func isMissing(_ id: ULID) -> Bool { missing.withLock { $0.contains(id) } }

    func end(_ id: ULID) { transferred.withLock { _ = $0.removeValue(forKey: id) } }
}
