import KinWire

/// Asks again and again, without hurry, until there is an answer.
enum Patience {
    /// - Parameter what: completes the sentence "waited 30 s for …".
    /// - Throws: `demo_timeout` when there is none in time, and whatever `ask` throws.
    static func wait<T: Sendable>(
        for what: String, within limit: Duration, every pause: Duration = .milliseconds(25),
        isolation: isolated (any Actor)? = #isolation, _ ask: () async throws -> T?
    ) async throws -> T {
        let deadline = ContinuousClock.now + limit
        while true {
            if let answer = try await ask() { return answer }
            guard ContinuousClock.now < deadline else {
                throw KinError("demo_timeout", "waited \(limit.components.seconds) s for \(what)")
            }
            try await Task.sleep(for: pause)
        }
    }
}
