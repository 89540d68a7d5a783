import ServiceLifecycle
import UnixSignals

/// Runs what goes on until the person has seen enough.
enum Interruptible {
    /// - Returns: whether `body` ended by itself; false after Control-C or SIGTERM, once `body` has cleaned up.
    @discardableResult
    static func run(_ body: @escaping @Sendable () async throws -> Void) async throws -> Bool {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in signals { return false }
                // Cancelled, as the body has ended: never the first result.
                throw CancellationError()
            }
            group.addTask {
                try await body()
                return true
            }
            let ended = try await group.next() ?? true
            group.cancelAll()
            if !ended { _ = try? await group.next() }
            return ended
        }
    }
}
