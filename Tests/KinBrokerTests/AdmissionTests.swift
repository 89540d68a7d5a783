import KinBroker
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Synchronization
import Testing

/// What stands between a proven hello and `ready`: features, policy, what is known of the member.
@Suite struct AdmissionTests {
    @Test("the answer to a feature request holds what was asked for and is offered, and names what is missing")
    func features() async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.connect(bench.device())
        daemon.receive(daemon.hello(now: bench.clock.now))
        daemon.receive(
            daemon.featureRequest(require: ["client_message_id_dedupe", "member_keypair_rotated_event", "teleport"]))
        let response = try await daemon.sink.take("features") {
            if case .featureResponse(let it) = $0.message { it } else { nil }
        }
        #expect(response.supported.keys.sorted() == ["client_message_id_dedupe", "key_epoch", "max_payload"])
        #expect(response.missingRequired == ["member_keypair_rotated_event", "teleport"])
    }

    @Test("what is offered is what a daemon accepts")
    func offer() async throws {
        let bench = try BrokerBench(
            policy: BrokerPolicy(
                admission: .open, origins: [BrokerBench.origin], inlineBytes: 2048, dedupeWindowHours: 48))
        let daemon = try await bench.join()
        let response = try await daemon.sink.take("features") {
            if case .featureResponse(let it) = $0.message { it } else { nil }
        }
        let features = try NegotiatedFeatures(judging: response, required: Feature.requiredByDaemon)
        #expect(features.dedupeWindowHours == 48 && features.inlineBytes == 2048)
        #expect(features.concurrentPolicy == .preferNewest && features.ignored == [])
    }

    @Test("a server for some wallets keeps the others out, and says so")
    func wallets() async throws {
        let welcome = try TestFamily()
        let policy = BrokerPolicy(admission: .wallets([welcome.wallet.address]), origins: [BrokerBench.origin])
        let bench = try BrokerBench(policy: policy)
        let stranger = try await bench.connect(bench.device())
        stranger.receive([stranger.hello(now: bench.clock.now).encoded(), stranger.featureRequest().encoded()])
        #expect(try await stranger.error().code == "mesh_not_allowed")
        #expect(try await stranger.sink.closure() == .init(code: .unauthorized, reason: "mesh_not_allowed"))
        _ = try await bench.join(welcome.device())
        #expect(bench.broker.connectedMembers == 1)
    }

    @Test("meshes do not see each other")
    func meshes() async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.join()
        let other = try await bench.join(TestFamily().device())
        daemon.receive([try daemon.send("m", to: other.member)])
        #expect(try await daemon.nack(of: "m").code == "unknown_member")
        #expect(bench.broker.connectedMembers == 2)
        #expect(other.typesBesidesTopics.allSatisfy { $0 == "feature_negotiation_response" })
    }

    @Test("a chain with fewer rotations than known is refused: an old state, or one rolled back")
    func rolledBack() async throws {
        let bench = try BrokerBench()
        let device = try await bench.device()
        let rotated = try await bench.join(device.rotated())
        let old = try await bench.connect(device)
        old.receive([old.hello(now: bench.clock.now).encoded(), old.featureRequest().encoded()])
        let error = try await old.error()
        #expect(error.code == "unauthorized" && error.message == "chain_shorter_than_known")
        #expect(rotated.sink.closures == [], "the true one stays")
        let stranger = try await bench.device()
        old.receive([
            try old.send("m", to: device.member), MeshFrame.memberPut(MemberPut(chain: stranger.chain)).encoded(),
        ])
        try await rotated.settle()
        #expect(!rotated.sink.messages.contains { $0.type == "push" }, "nothing of the refused one counts")
        #expect(try await !listOf(bench).all.contains(stranger.member))
    }

    @Test("a member that rotated is known by its longer chain from then on, restarts included")
    func rotation() async throws {
        let bench = try BrokerBench()
        let device = try await bench.device()
        _ = try await bench.join(device)
        let rotated = device.rotated()
        _ = try await bench.join(rotated)
        try await bench.join().settle()
        let later = try bench.restarted()
        let list = try await listOf(later)
        #expect(list.members.first { $0.chain.member == device.member }?.chain == rotated.chain)
        let old = try await later.connect(device)
        old.receive([old.hello(now: later.clock.now).encoded(), old.featureRequest().encoded()])
        #expect(try await old.error().message == "chain_shorter_than_known")
    }

    @Test("another key cannot take a member's id, certified or not")
    func foreign() async throws {
        let bench = try BrokerBench()
        let issuer = try await bench.device()
        let victim = try await bench.join()
        // An issuer certifies a key of its own under the victim's id.
        var foreign = try bench.family.device(issuedBy: issuer)
        var chain = foreign.chain
        chain.certificate.member = victim.member
        chain.certificate = chain.certificate.signed(by: issuer.keys.issuing)
        foreign = TestDevice(copying: foreign, chain: chain)
        let thief = try await bench.connect(foreign)
        thief.receive([thief.hello(now: bench.clock.now).encoded(), thief.featureRequest().encoded()])
        let error = try await thief.error()
        #expect(error.code == "unauthorized" && error.message == "member_belongs_to_another_key")
        #expect(victim.sink.closures == [])
    }

    @Test(
        "who was first to come under a device's id gives way to the device that the wallet certified, whatever the dates"
    )
    func squatted() async throws {
        let bench = try BrokerBench()
        let issuer = try await bench.device()
        let device = try await bench.device()
        var foreign = try bench.family.device(issuedBy: issuer)
        var chain = foreign.chain
        chain.certificate.member = device.member
        chain.certificate.issuedAt += 1
        chain.certificate = chain.certificate.signed(by: issuer.keys.issuing)
        foreign = TestDevice(copying: foreign, chain: chain)
        _ = try await bench.join(foreign)
        let joined = try await bench.join(device)
        try await joined.settle()
        #expect(joined.sink.closures == [])
        #expect(try await listOf(bench).members.first { $0.chain.member == device.member }?.chain == device.chain)
    }

    @Test("a second certificate for a member's first key does not undo its rotations")
    func secondCertificate() async throws {
        let bench = try BrokerBench()
        let device = try await bench.device()
        let issuer = try await bench.device()
        let rotated = try await bench.join(device.rotated().rotated())
        // Whoever stole the first keys rotates them again, under a certificate that an issuer once gave them.
        var chain = try bench.family.device(issuedBy: issuer).chain
        chain.certificate.member = device.member
        chain.certificate.machineID = device.machineID
        chain.certificate.ed25519 = device.keys.signing.publicKey.bytes
        chain.certificate.x25519 = device.keys.sealing.publicKey.bytes
        chain.certificate = chain.certificate.signed(by: issuer.keys.issuing)
        let stolen = TestDevice(copying: device, chain: chain)
        for attempt in [stolen, stolen.rotated(), stolen.rotated().rotated(), stolen.rotated().rotated().rotated()] {
            #expect(throws: Never.self) { try attempt.verified(now: bench.clock.now) }
            let thief = try await bench.connect(attempt)
            thief.receive([thief.hello(now: bench.clock.now).encoded(), thief.featureRequest().encoded()])
            #expect(try await thief.error().code == "unauthorized")
        }
        #expect(rotated.sink.closures == [], "the true one stays")
    }

    @Test("a store that cannot be read sends the daemon elsewhere")
    func brokenStore() async throws {
        let bench = try BrokerBench(wrapping: { WatchedStore(store: $0) { _ in throw WatchedStore.Blind() } })
        let daemon = try await bench.connect(bench.device())
        daemon.receive([daemon.hello(now: bench.clock.now).encoded(), daemon.featureRequest().encoded()])
        #expect(try await daemon.sink.closure() == .init(code: .serverDraining, reason: "storage_unavailable"))
        #expect(bench.broker.connectedMembers == 0)
    }

    @Test("a connection that is lost while it joins leaves nobody behind")
    func lostWhileJoining() async throws {
        let hook = JoinHook()
        let bench = try BrokerBench(verifier: TestVerifier(random: hook.random))
        let witness = try await bench.join()
        let daemon = try await bench.connect(bench.device())
        hook.session.withLock { $0 = daemon.session }
        daemon.receive([daemon.hello(now: bench.clock.now).encoded(), daemon.featureRequest().encoded()])
        let joined = try await witness.sink.take("member_joined") {
            if case .memberJoined(let it) = $0.message { it } else { nil }
        }
        #expect(joined.chain.member == daemon.member && !joined.online)
        hook.session.withLock { $0 = nil }
        #expect(bench.broker.connectedMembers == 1)
        let list = try await listOf(bench)
        #expect(list.online.contains(witness.member) && !list.online.contains(daemon.member))
    }

    private func listOf(_ bench: BrokerBench) async throws -> MemberList {
        let daemon = try await bench.connect(bench.device())
        daemon.receive([daemon.hello(now: bench.clock.now).encoded(), daemon.featureRequest().encoded()])
        return try await daemon.readList()
    }
}

/// Loses the connection at the moment the broker makes up the name of its session.
private final class JoinHook: Sendable {
    let session = Mutex<BrokerSession?>(nil)

    @Sendable func random(_ count: Int) -> [UInt8] {
        if count == 8, let session = session.withLock({ $0 }) { session.closed() }
        return (0..<count).map { _ in UInt8.random(in: 0...255) }
    }
}
