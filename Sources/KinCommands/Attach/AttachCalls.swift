import KinCalls
import KinDaemonAPI
import Synchronization

/// A command's call stream to its daemon, opened again where the daemon was started again meanwhile.
final class AttachCalls: Sendable {
    private let open: @Sendable () async throws -> DaemonCalls
    private let current: Mutex<DaemonCalls>

    /// - Throws: what `open` does.
    init(_ open: @escaping @Sendable () async throws -> DaemonCalls) async throws {
        self.open = open
        current = Mutex(try await open())
    }

    /// The one that lives.
    /// - Throws: what `open` does.
    func stream() async throws -> CallStream {
        let stream = latest
        guard stream.hasEnded else { return stream }
        let opened = try await open()
        return current.withLock { current in
            // Somebody else was quicker.
            guard current.stream.hasEnded else {
                opened.close()
                return current.stream
            }
            current = opened
            return opened.stream
        }
    }

    /// The last that was opened, whether it lives or not.
    var latest: CallStream { current.withLock { $0.stream } }

    func close() { current.withLock { $0.close() } }
}
