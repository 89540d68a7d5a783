import KinBroker
import KinCrypto
import KinIdentity
import KinTesting
import KinWire
import Testing

/// Who a hello lets in.
@Suite struct HelloTests {
    private static let badHellos: [(String, @Sendable (TestDaemon, BrokerBench) throws -> MeshFrame)] = [
        ("of another server", { daemon, bench in daemon.hello(origin: "https://other.example", now: bench.clock.now) }),
        ("of another scheme", { daemon, bench in daemon.hello(origin: "http://kin.example", now: bench.clock.now) }),
        ("for another challenge", { daemon, bench in daemon.hello(nonce: Random.bytes(32), now: bench.clock.now) }),
        (
            "signed by another key",
            { daemon, bench in
                guard case .hello(var hello) = daemon.hello(now: bench.clock.now) else { throw MissingValue("hello") }
                hello.signature = Ed25519.PrivateKey.random().sign([1], domain: HelloStatement.domain)
                return .hello(hello)
            }
        ),
        (
            "with another chain than was signed",
            { daemon, bench in
                guard case .hello(var hello) = daemon.hello(now: bench.clock.now) else { throw MissingValue("hello") }
                hello.chain = daemon.device.rotated().chain
                return .hello(hello)
            }
        ),
        (
            "with a chain that is not valid",
            { daemon, bench in
                var chain = daemon.device.chain
                chain.certificate.role = .guest
                chain.certificate.expiresAt = bench.clock.now + 1000
                return daemon.hello(chain: chain, now: bench.clock.now)
            }
        ),
        (
            "for a mesh that its chain is not of",
            { daemon, bench in
                guard case .hello(var hello) = daemon.hello(now: bench.clock.now) else { throw MissingValue("hello") }
                hello.mesh = try MeshID(slug: "other", wallet: hello.mesh.wallet).orThrow("mesh")
                return .hello(hello)
            }
        ),
    ]

    @Test("a hello that proves nothing is refused, even with the features behind it", arguments: badHellos.indices)
    func badHello(index: Int) async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.connect(bench.device())
        let hello = try Self.badHellos[index].1(daemon, bench)
        daemon.receive([hello.encoded(), daemon.featureRequest().encoded()])
        try await daemon.expectRefused(bench, code: "unauthorized")
    }

    @Test("a hello overheard on one connection is no use on another")
    func replayed() async throws {
        let bench = try BrokerBench()
        let device = try await bench.device()
        let victim = try await bench.connect(device)
        let hello = victim.hello(now: bench.clock.now)
        let thief = try await bench.connect(device)
        thief.receive(hello)
        try await thief.expectRefused(bench, code: "unauthorized")
    }

    @Test("a clock up to 60 seconds off is borne", arguments: [-60_000, 60_000] as [Int64])
    func smallSkew(skew: Int64) async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.connect(bench.device())
        daemon.receive([daemon.hello(now: bench.clock.now + skew).encoded(), daemon.featureRequest().encoded()])
        _ = try await daemon.readList()
    }

    @Test(
        "a clock further off is refused with both times",
        arguments: [-60_001, 60_001, -TestClock.start, 1 << 52] as [Int64])
    func skew(skew: Int64) async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.connect(bench.device())
        daemon.receive([daemon.hello(now: bench.clock.now + skew).encoded(), daemon.featureRequest().encoded()])
        let error = try await daemon.error()
        #expect(error.code == "clock_skew")
        #expect(error.message.contains("\(bench.clock.now)") && error.message.contains("\(bench.clock.now + skew)"))
        #expect(try await daemon.sink.closure() == .init(code: .unauthorized, reason: "clock_skew"))
        #expect(bench.broker.connectedMembers == 0)
    }

    @Test("the origins may change while the server runs")
    func newOrigins() async throws {
        let bench = try BrokerBench()
        bench.broker.accept(origins: ["https://new.example"])
        let device = try await bench.device()
        let old = try await bench.connect(device)
        old.receive(old.hello(now: bench.clock.now))
        #expect(try await old.error().code == "unauthorized")
        let new = try await bench.connect(device)
        new.receive(new.hello(origin: "https://new.example", now: bench.clock.now))
        new.receive(new.featureRequest())
        _ = try await new.readList()
    }
}
