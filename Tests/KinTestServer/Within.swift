import KinTesting

/// Gives up on what takes longer, with a reason, where a test would hang.
public func within<T: Sendable>(
    _ limit: Duration, _ what: String, _ body: @escaping @Sendable () async throws -> T
) async throws -> T {
    try await withThrowingTaskGroup(of: T.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: limit)
            throw MissingValue("after \(limit), \(what)")
        }
        defer { group.cancelAll() }
        return try await group.next().orThrow(what)
    }
}
