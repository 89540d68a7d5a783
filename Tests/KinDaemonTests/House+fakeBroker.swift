import KinTestServer

extension House {
    /// A daemon that knows its own name, and whose broker is the fake, which answers sends as it is told: the daemon writes to itself.
    /// Names come from a real relay beside it.
    static func runAgainstFake(
        _ answer: @escaping @Sendable (FakeBroker.Asked) -> FakeBroker.Reply,
        _ body: @Sendable (TestDaemon, FakeBroker) async throws -> Void
    ) async throws {
        try await run { house in
            try await FakeBroker.run(.serves(answer)) { broker in
                let laptop = try await house.start("laptop", servers: [broker.url, house.server.url])
                try await laptop.sees(["laptop"])
                try await laptop.isConnected()
                try await body(laptop, broker)
                try await laptop.stop()
            }
        }
    }
}
