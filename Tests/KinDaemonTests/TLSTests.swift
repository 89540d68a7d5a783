import KinDaemonAPI
import KinTestServer
import KinTesting
import KinWire
import Testing

@Suite struct TLSTests {
    @Test("over TLS with the server's certificate trusted everything works")
    func trusted() async throws {
        let identity = try SelfSigned()
        try await House.run(tls: identity) { house in
            let laptop = try await house.start("laptop", trustRoots: identity.certificate)
            let studio = try await house.start("studio", trustRoots: identity.certificate)
            try await laptop.sees(["laptop", "studio"])
            let answer = try await laptop.send("sealed twice", to: "studio")
            try await laptop.waits(for: answer.clientMessageID, toBe: .delivered)
            #expect(try await studio.bodies(1) == ["sealed twice"])
            #expect(try await laptop.client.health().broker.address.hasPrefix("https://"))
        }
    }

    @Test("a certificate that is not trusted leaves the daemon up and unconnected, with the reason")
    func untrusted() async throws {
        let (served, other) = (try SelfSigned(), try SelfSigned())
        try await House.run(tls: served) { house in
            let laptop = try await house.start("laptop", trustRoots: other.certificate)
            let health = try await eventually("the reason is known") {
                let health = try await laptop.client.health()
                return health.broker.lastError != nil && health.relays.first?.lastError != nil ? health : nil
            }
            #expect(health.status == "degraded")
            #expect(health.broker.lastError?.contains("not one this side trusts") == true)
            #expect(health.relays.first?.lastError?.contains("not one this side trusts") == true)
            #expect(try await laptop.client.devices().unreachable.count == 1)
        }
    }

    @Test("trust roots that are no certificates end the start")
    func noRoots() async throws {
        try await House.run { house in
            let error = await #expect(throws: KinError.self) {
                _ = try await house.start("laptop", trustRoots: house.folder + "/missing.pem")
            }
            #expect(error?.code == "trust_roots_invalid")
        }
    }
}
