import KinTesting

/// Asks again and again until there is a value; a test that waits for something waits for that and not for a time.
public func eventually<T>(
    _ what: String, within limit: Duration = .seconds(60), _ attempt: () async throws -> T?
) async throws -> T {
    let deadline = ContinuousClock.now + limit
    while true {
        if let value = try await attempt() { return value }
        guard ContinuousClock.now < deadline else { throw MissingValue("after \(limit), \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// The same for something that is true in the end.
public func eventually(
    _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let _: Bool = try await eventually(what, within: limit) { try await condition() ? true : nil }
}
