import KinBroker
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct SettingsTests {
    let bench: BrokerBench
    let owner: TestDaemon
    let other: TestDaemon

    init() async throws {
        bench = try BrokerBench()
        owner = try await bench.join()
        other = try await bench.join()
    }

    /// Nothing changed: whoever comes is told nothing, or `proof`.
    private func expectHolding(_ proof: SettingsProof?, in bench: BrokerBench? = nil) async throws {
        let newcomer = try await (bench ?? self.bench).join()
        try await newcomer.settle()
        let told = newcomer.sink.messages.compactMap { if case .settings(let it) = $0 { it } else { nil } }
        #expect(told == [proof].compactMap(\.self))
    }

    @Test("everybody is told, whoever comes later right after the members; and it survives a restart")
    func told() async throws {
        try await expectHolding(nil)
        let proof = bench.settings(.preferOldest, by: owner.device)
        owner.receive(.settings(proof))
        #expect(try await owner.settings() == proof)
        #expect(try await other.settings() == proof)
        for isRestarted in [false, true] {
            let bench = isRestarted ? try bench.restarted() : bench
            let newcomer = try await bench.knock(bench.device())
            try await newcomer.sink.take("settings") { $0.message == .settings(proof) ? () : nil }
            let types = newcomer.typesBesidesTopics
            #expect(types.last == "members_end", "\(types)")
        }
    }

    @Test("of two the one with the higher number holds, whatever their times")
    func newer() async throws {
        let first = bench.settings(.preferOldest, by: owner.device, at: bench.clock.now + 60_000)
        let second = bench.settings(.allowConcurrent, by: other.device, seq: 2)
        owner.receive(.settings(first))
        #expect(try await other.settings() == first)
        other.receive(.settings(second))
        #expect(try await other.settings() == second)
        try await expectHolding(second, in: bench.restarted())
    }

    @Test("a replayed older one changes nothing and is answered with the one that holds; the one that holds as well")
    func replayed() async throws {
        let (old, new) = (
            bench.settings(.preferOldest, by: owner.device), bench.settings(.preferNewest, by: owner.device, seq: 2)
        )
        for proof in [old, new] {
            owner.receive(.settings(proof))
            #expect(try await owner.settings() == proof)
        }
        try await owner.settle()
        owner.sink.clear()
        other.sink.clear()
        other.receive(.settings(old))
        #expect(try await other.settings() == new)
        let error = try await other.error()
        #expect(error.code == "settings_outdated" && error.ref == "settings")
        other.receive(.settings(new))
        #expect(try await other.settings() == new)
        try await owner.settle()
        #expect(!owner.sink.messages.contains { $0.type == "settings" }, "nobody else hears of it")
        try await expectHolding(new)
    }

    @Test("what no owner of this mesh signed with its key in force changes nothing")
    func hostile() async throws {
        let member = try await bench.join(bench.family.device(issuedBy: owner.device))
        let thief = try await bench.join()
        let revocation = try await bench.family.revocationByWallet(of: thief.member)
        owner.receive(.revocations(Revocations(entries: [revocation])))
        _ = try await thief.sink.closure()
        let stranger = try await TestFamily().device()
        var forged = bench.settings(.allowConcurrent, by: owner.device)
        forged.settings.concurrentPolicy = .preferOldest
        var borrowed = bench.settings(.allowConcurrent, by: member.device)
        borrowed.owner = owner.device.chain
        let elsewhere = try MeshID("work@\(bench.family.wallet.address)").orThrow("a mesh")
        let attempts = [
            bench.settings(.allowConcurrent, by: member.device), bench.settings(.allowConcurrent, by: thief.device),
            bench.settings(.allowConcurrent, by: stranger),
            bench.settings(.allowConcurrent, by: owner.device, mesh: elsewhere), forged, borrowed,
            bench.settings(.allowConcurrent, by: owner.device, at: bench.clock.now + 300_001),
            bench.settings(.allowConcurrent, by: owner.device, at: bench.family.now - 1),
        ]
        for proof in attempts {
            other.receive(.settings(proof))
            let error = try await other.error()
            #expect(error.code == "settings_invalid" && error.ref == "settings")
        }
        #expect(other.sink.closures == [])
        try await expectHolding(nil)
    }

    @Test("keys that were rotated away set nothing any more, and what they set before holds on")
    func rotatedAway() async throws {
        try await bench.set(.preferOldest, by: owner)
        let rotated = owner.device.rotated()
        other.receive(.memberPut(MemberPut(chain: rotated.chain)))
        try await other.settle()
        other.receive(.settings(bench.settings(.allowConcurrent, by: owner.device, seq: 2)))
        #expect(try await other.error().code == "settings_invalid")
        try await expectHolding(bench.settings(.preferOldest, by: owner.device))
        other.receive(.settings(bench.settings(.allowConcurrent, by: rotated, seq: 2)))
        while try await other.settings().settings.seq != 2 {}
    }

    @Test("settings fall with whoever signed them, and any number comes after them then; restarts included")
    func falls() async throws {
        try await bench.set(.preferOldest, by: owner, seq: 7)
        let revocation = try await bench.family.revocationByWallet(of: owner.member)
        other.receive(.revocations(Revocations(entries: [revocation])))
        _ = try await owner.sink.closure()
        try await expectHolding(nil)
        let later = try bench.restarted()
        try await expectHolding(nil, in: later)
        let daemon = try await later.join(other.device)
        try await later.set(.allowConcurrent, by: daemon)
    }

    @Test("where it cannot be stored it is refused, and nobody is told")
    func notStored() async throws {
        bench.store.close()
        owner.receive(.settings(bench.settings(.preferOldest, by: owner.device)))
        let error = try await owner.error()
        #expect(error.code == "storage_unavailable" && error.ref == "settings")
        #expect(!other.sink.messages.contains { $0.type == "settings" })
    }

    @Test("said by several at once they are stored one after the other, the newest last, and each is told once")
    func atOnce() async throws {
        let leave = try bench.holdStore()
        defer { leave.open() }
        let all = [ConcurrentPolicy.preferOldest, .preferNewest, .allowConcurrent].enumerated().map { index, policy in
            bench.settings(policy, by: owner.device, seq: Int64(index) + 1)
        }
        for proof in [all[0], all[0], all[1], all[0], all[1], all[2], all[2]] { other.receive(.settings(proof)) }
        for _ in 1...2 {
            #expect(
                try await other.error().code == "settings_outdated", "the second, said twice: the third came before")
        }
        owner.receive(.settings(all[1]))
        #expect(try await owner.error().code == "settings_outdated")
        leave.open()
        for daemon in [owner, other] { #expect(try await [daemon.settings(), daemon.settings()] == [all[0], all[2]]) }
        try await owner.settle()
        for daemon in [owner, other] { #expect(!daemon.sink.messages.contains { $0.type == "settings" }) }
        try await expectHolding(all[2], in: bench.restarted())
    }

    @Test("before ready they are refused as every other frame is")
    func early() async throws {
        let daemon = try await bench.connect(bench.device())
        daemon.receive(.settings(bench.settings(.preferOldest, by: owner.device)))
        #expect(try await daemon.error().code == "invalid_message")
        #expect(try await daemon.sink.closure().code == .unauthorized)
    }
}
