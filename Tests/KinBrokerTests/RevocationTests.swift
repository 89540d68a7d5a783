import KinBroker
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct RevocationTests {
    let bench: BrokerBench
    let owner: TestDaemon
    let member: TestDevice

    init() async throws {
        bench = try BrokerBench()
        owner = try await bench.join()
        member = try bench.family.device(issuedBy: owner.device)
    }

    private func revoke(_ device: TestDevice) throws -> RevocationProof {
        try bench.family.revocation(of: device.member, by: owner.device)
    }

    private func told(_ daemon: TestDaemon) async throws -> [RevocationProof] {
        try await daemon.sink.take("revocations") {
            if case .revocations(let it) = $0.message { it.entries } else { nil }
        }
    }

    private func tell(_ proofs: [RevocationProof]) { owner.receive(.revocations(Revocations(entries: proofs))) }

    @Test("a revoked member is closed at once with the proof, and everybody is told")
    func closes() async throws {
        let (witness, revoked) = try await (bench.join(), bench.join(member))
        let proof = try revoke(member)
        tell([proof])
        #expect(try await told(witness) == [proof])
        let change = try await witness.sink.take("member_revoked") {
            if case .memberRevoked(let it) = $0.message { it } else { nil }
        }
        #expect(change.member == member.member)
        #expect(try await told(revoked) == [proof])
        #expect(revoked.sink.closures == [.init(code: .memberRevoked, reason: "member_revoked")])
    }

    @Test("it is refused at hello, with the proof; before and after a restart")
    func refusesHello() async throws {
        let proof = try revoke(member)
        tell([proof])
        #expect(try await told(owner) == [proof])
        for isRestarted in [false, true] {
            let bench = isRestarted ? try bench.restarted() : bench
            let daemon = try await bench.connect(member)
            daemon.receive([daemon.hello(now: bench.clock.now).encoded(), daemon.featureRequest().encoded()])
            #expect(try await told(daemon) == [proof])
            #expect(try await daemon.sink.closure().code == .memberRevoked)
        }
    }

    @Test("what waits for it is dropped, and what is sent to it is refused for good")
    func dropsQueue() async throws {
        try await bench.join(member).session.closed()
        owner.receive([try owner.send("waiting", to: member.member)])
        _ = try await owner.ack(of: "waiting")
        tell([try revoke(member)])
        _ = try await told(owner)
        owner.receive([try owner.send("late", to: member.member, seq: 2)])
        let nack = try await owner.nack(of: "late")
        #expect(nack.code == "member_revoked" && !nack.retryable)
        owner.receive([try owner.send("waiting", to: member.member)])
        #expect(try await owner.ack(of: "waiting").duplicate, "its row still recognises the repetition")
        let mesh = try bench.store.loadMeshes()[0].key
        let left = try bench.store.pending(
            for: member.member, in: mesh, priority: .next, topics: [], after: 0, limit: 10, maxBytes: 1000)
        #expect(left.allSatisfy { $0.body.isEmpty && $0.expiresAt == 0 })
    }

    @Test("a newcomer's list does not name it, and its chain is not taken from others")
    func notListed() async throws {
        try await bench.join(member).session.closed()
        tell([try revoke(member)])
        _ = try await told(owner)
        let newcomer = try await bench.connect(bench.device())
        newcomer.receive([newcomer.hello(now: bench.clock.now).encoded(), newcomer.featureRequest().encoded()])
        #expect(try await !newcomer.readList().all.contains(member.member))
        owner.receive(.memberPut(MemberPut(chain: member.chain)))
        #expect(try await owner.error().code == "chain_invalid")
    }

    @Test("whoever states another head is asked for what it knows, and given what it asks for")
    func exchanges() async throws {
        let proof = try revoke(member)
        tell([proof])
        _ = try await told(owner)
        let newcomer = try await bench.join()
        let asked = try await newcomer.sink.take("revocations_get") {
            if case .revocationsGet(let it) = $0.message { it } else { nil }
        }
        #expect(asked.have == [proof.entry.hash])
        newcomer.receive(.revocationsGet(RevocationsGet(have: [])))
        #expect(try await told(newcomer) == [proof])
        newcomer.receive(.revocationsGet(RevocationsGet(have: [proof.entry.hash])))
        try await newcomer.settle()
        #expect(!newcomer.sink.messages.contains { $0.type == "revocations" })
    }

    @Test("an entry that is not valid changes nothing")
    func invalid() async throws {
        let daemon = try await bench.join(member)
        var forged = try revoke(member)
        forged.entry.reason = "changed after signing"
        tell([forged])
        try await owner.settle()
        try await daemon.settle()
        #expect(daemon.sink.closures == [])
    }
}
