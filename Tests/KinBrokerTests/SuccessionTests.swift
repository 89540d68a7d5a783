import KinBroker
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct SuccessionTests {
    let bench: BrokerBench
    let owner: TestDaemon
    let other: TestDaemon

    init() async throws {
        bench = try BrokerBench()
        owner = try await bench.join()
        other = try await bench.join()
    }

    private func handover(to wallet: TestWallet, by daemon: TestDaemon) async throws -> Handover {
        let succession = Succession(
            mesh: bench.family.mesh, successor: wallet.address, member: daemon.member, at: bench.clock.now)
        let signed = try await succession.signed(old: bench.family.wallet, new: wallet)
        return Handover(succession: signed.signed(by: daemon.device.keys.signing), owner: daemon.device.chain)
    }

    private func told(_ daemon: TestDaemon) async throws -> Handover {
        try await daemon.sink.take("succession") { if case .succession(let it) = $0.message { it } else { nil } }
    }

    /// Hears that it was taken, and that nothing waits.
    private func hears(_ daemon: TestDaemon, _ handover: Handover) async throws {
        #expect(try await told(daemon) == handover)
        var drained = handover
        drained.drained = true
        #expect(try await told(daemon) == drained)
    }

    @Test("everybody is told at once, and nothing more is taken; known ids are still recognised")
    func closes() async throws {
        owner.receive([try owner.send("before", to: other.member)])
        _ = try await owner.ack(of: "before")
        let handover = try await handover(to: try TestWallet(), by: owner)
        owner.receive(.succession(handover))
        try await hears(owner, handover)
        #expect(try await told(other) == handover)
        other.receive([try other.send("late", to: owner.member)])
        let nack = try await other.nack(of: "late")
        #expect(nack.code == "mesh_succeeded" && nack.retryable)
        owner.receive([try owner.send("before", to: other.member)])
        #expect(try await owner.ack(of: "before").duplicate)
    }

    @Test("a member is drained once it has acknowledged everything, and not before")
    func drains() async throws {
        owner.receive([try owner.send("one", to: other.member), try owner.send("two", to: other.member, seq: 2)])
        let deliveries = try await other.pushes(2)
        let handover = try await handover(to: try TestWallet(), by: owner)
        owner.receive(.succession(handover))
        #expect(try await told(other) == handover)
        other.acknowledge([deliveries[0].push])
        try await other.settle()
        #expect(!other.sink.messages.contains { $0.type == "succession" })
        other.acknowledge([deliveries[1].push])
        #expect(try await told(other).drained)
    }

    @Test("who comes later hears it after the members, and goes on where it was: after a restart too")
    func later() async throws {
        let away = try await bench.device()
        owner.receive(.memberPut(MemberPut(chain: away.chain)))
        owner.receive([try owner.send("waits", to: away.member)])
        _ = try await owner.ack(of: "waits")
        let handover = try await handover(to: try TestWallet(), by: owner)
        owner.receive(.succession(handover))
        try await hears(owner, handover)
        let bench = try bench.restarted()
        let daemon = try await bench.join(away)
        #expect(try await told(daemon) == handover)
        let push = try await daemon.push()
        #expect(!daemon.sink.messages.contains { $0.type == "succession" })
        daemon.acknowledge([push.push])
        #expect(try await told(daemon).drained)
    }

    @Test("of two wallets neither holds: the second is refused, everybody hears of both, and messages flow again")
    func rivals() async throws {
        let (first, second) = try await (
            handover(to: try TestWallet(), by: owner), handover(to: try TestWallet(), by: other)
        )
        owner.receive(.succession(first))
        try await hears(owner, first)
        try await hears(other, first)
        other.receive(.succession(second))
        #expect(try await other.error().code == "succession_conflict")
        #expect(try await told(owner) == second)
        owner.receive([try owner.send("still-here", to: other.member)])
        _ = try await owner.ack(of: "still-here")
        let newcomer = try await bench.restarted().join(bench.device())
        #expect(try await [told(newcomer), told(newcomer)] == [first, second])
        try await newcomer.settle()
        #expect(!newcomer.sink.messages.contains { $0.type == "succession" })
    }

    @Test("said again it is answered again, to whoever says it, with the word of whoever was first")
    func again() async throws {
        let wallet = try TestWallet()
        let handover = try await handover(to: wallet, by: owner)
        owner.receive(.succession(handover))
        try await hears(owner, handover)
        try await hears(other, handover)
        owner.receive(.succession(handover))
        #expect(try await told(owner) == handover)
        other.receive(.succession(try await self.handover(to: wallet, by: other)))
        #expect(try await told(other) == handover)
        try await owner.settle()
        #expect(!owner.sink.messages.contains { $0.type == "succession" })
    }

    @Test("what is not signed by all three, or said for another, changes nothing")
    func invalid() async throws {
        let good = try await handover(to: try TestWallet(), by: owner)
        var forged: [Handover] = []
        for path in [\Succession.oldSignature, \.newSignature, \.memberSignature] {
            var bad = good
            bad.succession[keyPath: path][0] ^= 1
            forged.append(bad)
        }
        for bad in forged {
            owner.receive(.succession(bad))
            #expect(try await owner.error().code == "succession_invalid")
        }
        other.receive(.succession(good))
        #expect(try await other.error().code == "succession_invalid")
        let member = try await bench.join(bench.family.device(issuedBy: owner.device))
        member.receive(.succession(try await handover(to: try TestWallet(), by: member)))
        #expect(try await member.error().code == "succession_invalid")
        owner.receive([try owner.send("as-ever", to: other.member)])
        _ = try await owner.ack(of: "as-ever")
    }

    @Test("afterwards the old wallet revokes nobody")
    func revocations() async throws {
        let handover = try await handover(to: try TestWallet(), by: owner)
        owner.receive(.succession(handover))
        try await hears(owner, handover)
        try await hears(other, handover)
        let proof = try await bench.family.revocationByWallet(of: other.member)
        owner.receive(.revocations(Revocations(entries: [proof])))
        try await other.settle()
        #expect(other.sink.closures == [])
    }

    @Test("with two claims too")
    func revocationsAmongRivals() async throws {
        for speaker in [owner, other] {
            speaker.receive(.succession(try await handover(to: try TestWallet(), by: speaker)))
            _ = try await told(speaker)
        }
        let proof = try await bench.family.revocationByWallet(of: other.member)
        owner.receive(.revocations(Revocations(entries: [proof])))
        try await other.settle()
        #expect(other.sink.closures == [])
    }

    @Test("a server that takes one wallet's family takes its heir, and a rival's")
    func heir() async throws {
        let family = bench.family
        let (heir, stranger) = try (TestFamily(), TestFamily())
        let bench = try BrokerBench(
            policy: BrokerPolicy(admission: .wallets([bench.family.wallet.address]), origins: [BrokerBench.origin]),
            family: family)
        let owner = try await bench.join()
        let handover = try await handover(to: heir.wallet, by: owner)
        owner.receive(.succession(handover))
        try await hears(owner, handover)
        _ = try await bench.join(heir.device())
        let (rival, second) = try await (TestFamily(), bench.join())
        second.receive(.succession(try await self.handover(to: rival.wallet, by: second)))
        #expect(try await second.error().code == "succession_conflict")
        _ = try await bench.join(rival.device())
        _ = try await bench.join(heir.device())
        let refused = try await bench.connect(stranger.device())
        refused.receive([refused.hello(now: bench.clock.now).encoded(), refused.featureRequest().encoded()])
        #expect(try await refused.error().code == "mesh_not_allowed")
    }
}
