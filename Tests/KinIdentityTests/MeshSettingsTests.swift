import Foundation
import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct MeshSettingsTests {
    let family: TestFamily
    let owner: TestDevice
    var now: Int64 { family.now }

    init() async throws {
        family = try TestFamily()
        owner = try await family.device()
    }

    private func proof(
        by device: TestDevice, mesh: MeshID? = nil, member: ULID? = nil, at: Int64? = nil
    ) -> SettingsProof {
        let settings = MeshSettings(
            mesh: mesh ?? family.mesh, seq: 1, concurrentPolicy: .preferOldest, member: member ?? device.member,
            at: at ?? now)
        return SettingsProof(settings: settings.signed(by: device.keys.signing), owner: device.chain)
    }

    private func fault(_ proof: SettingsProof, revocations: RevocationLedger? = nil) -> SettingsFault? {
        do throws(SettingsFault) {
            try proof.verify(in: family.mesh, revocations: revocations, now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test("what an owner device signed is believed, after keypair rotations too")
    func valid() {
        #expect(fault(proof(by: owner)) == nil)
        #expect(fault(proof(by: owner.rotated().rotated())) == nil)
        #expect(fault(proof(by: owner, at: now + 300_000)) == nil)
    }

    @Test("every way it can be wrong has its fault")
    func wrong() async throws {
        var forged = proof(by: owner)
        forged.settings.concurrentPolicy = .allowConcurrent
        #expect(fault(forged) == .badSignature)
        var old = proof(by: owner)
        old.owner = owner.rotated().chain
        #expect(fault(old) == .badSignature, "the key in force must have signed")
        #expect(fault(proof(by: owner, at: now + 300_001)) == .wrongTime)
        #expect(fault(proof(by: owner, at: now - 1)) == .wrongTime)
        #expect(fault(proof(by: owner, member: try await family.device().member)) == .ownerInvalid)
        #expect(fault(proof(by: try family.device(issuedBy: owner))) == .notAnOwner)
        #expect(fault(proof(by: try await TestFamily().device())) == .ownerInvalid)
        let work = try MeshID("work@\(family.wallet.address)").orThrow("a mesh")
        #expect(fault(proof(by: owner, mesh: work)) == .wrongMesh)
        let ledger = RevocationLedger(mesh: family.mesh)
        _ = ledger.take([try await family.revocationByWallet(of: owner.member)], now: now)
        #expect(fault(proof(by: owner), revocations: ledger) == .ownerInvalid)
    }

    @Test("of several those hold that the independent implementation says, whoever is asked about whom")
    func order() throws {
        for group in try Vector.list("kindred/statements.json", "settings_orders") {
            guard case .array(let texts) = try group.json("settings") else { throw MissingValue("settings") }
            let all = try texts.map { text in
                guard case .string(let text) = text else { throw MissingValue("settings") }
                return try MeshSettings(canonical: Array(text.utf8))
            }
            let holds = try MeshSettings(canonical: group.utf8("holds"))
            for one in all {
                #expect(holds.isNewer(than: one) == (one != holds), "\(group)")
                for other in all where one != other { #expect(one.isNewer(than: other) != other.isNewer(than: one)) }
            }
        }
    }

    @Test("the next ones are newer than those known, and where numbers end the time tells")
    func next() {
        var known: MeshSettings?
        for seq in 1...3 {
            let next = MeshSettings.next(
                after: known, in: family.mesh, concurrentPolicy: .preferOldest, by: owner.member, now: now)
            #expect(next.seq == Int64(seq) && next.at == now)
            known = next
        }
        known?.seq = 1 << 53 - 1
        known?.at = now + 5
        let last = MeshSettings.next(
            after: known, in: family.mesh, concurrentPolicy: .preferOldest, by: owner.member, now: now)
        #expect(last.seq == 1 << 53 - 1 && last.at == now + 6)
    }

    @Test("the file gives back what was kept, and a damaged one is said as such")
    func file() throws {
        let state = owner.state
        #expect(try SettingsFile.read(state) == nil)
        try SettingsFile.write(proof(by: owner), in: state)
        #expect(try SettingsFile.read(state) == proof(by: owner))
        try state.check()
        for damage in ["", "{}", #"{"newest":null,"schema_version":1}"#] {
            try Data(damage.utf8).write(to: URL(fileURLWithPath: SettingsFile.path(in: state)))
            let error = #expect(throws: KinError.self) { _ = try SettingsFile.read(state) }
            #expect(error?.code == "file_damaged" && error?.message.contains("settings.json") == true)
        }
        _ = try Forgetting(state: state, now: now).forget()
        #expect(try SettingsFile.read(state) == nil)
    }

    @Test("an outbox that was recovered and is not in its place yet is set aside with the others")
    func recoveredOutbox() throws {
        let recovered = owner.state.daemon() + "/outbox.db.recovered-20261121T100312Z"
        try Data("x".utf8).write(to: URL(fileURLWithPath: recovered))
        for _ in 0..<2 { _ = try Forgetting(state: owner.state, now: now).forget() }
        let names = try FileManager.default.contentsOfDirectory(atPath: owner.state.daemon())
        #expect(names.filter { $0.hasPrefix("outbox.db") } == ["outbox.db.recovered-20261121T100312Z.forgotten-\(now)"])
    }
}
