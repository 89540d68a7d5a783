import Foundation
import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct SuccessionTests {
    let family: TestFamily
    let heir: TestWallet
    let owner: TestDevice
    var now: Int64 { family.now }

    init() async throws {
        family = try TestFamily()
        heir = try TestWallet()
        owner = try await family.device()
    }

    private func handover(
        by speaker: TestDevice, at: Int64? = nil, member: ULID? = nil, mesh: MeshID? = nil
    ) async throws -> Handover {
        let succession = Succession(
            mesh: mesh ?? family.mesh, successor: heir.address, member: member ?? speaker.member, at: at ?? now)
        let signed = try await succession.signed(old: family.wallet, new: heir)
        return Handover(succession: signed.signed(by: speaker.keys.signing), owner: speaker.chain)
    }

    private func fault(_ handover: Handover, revocations: RevocationLedger? = nil) -> SuccessionFault? {
        do throws(SuccessionFault) {
            try handover.verify(in: family.mesh, revocations: revocations, now: now)
            return nil
        } catch {
            return error
        }
    }

    // MARK: The statement

    @Test("what both wallets and an owner device signed is believed, after keypair rotations too")
    func valid() async throws {
        #expect(fault(try await handover(by: owner)) == nil)
        #expect(fault(try await handover(by: owner.rotated().rotated())) == nil)
    }

    @Test("every way it can be wrong has its fault")
    func wrong() async throws {
        let good = try await handover(by: owner)
        for path in [\Succession.oldSignature, \.newSignature, \.memberSignature] {
            var bad = good
            bad.succession[keyPath: path][3] ^= 1
            #expect(fault(bad) == .badSignature)
        }
        var swapped = good
        swapped.succession.oldSignature = good.succession.newSignature
        swapped.succession.newSignature = good.succession.oldSignature
        #expect(fault(swapped) == .badSignature)
        var redirected = good
        redirected.succession.successor = try TestWallet().address
        #expect(fault(redirected) == .badSignature)
        #expect(fault(try await handover(by: owner, at: now + 300_001)) == .wrongTime)
        #expect(fault(try await handover(by: owner, at: now - 1)) == .wrongTime)
        let other = try await family.device()
        #expect(fault(try await handover(by: owner, member: other.member)) == .speakerInvalid)
        let member = try family.device(issuedBy: owner)
        #expect(fault(try await handover(by: member)) == .speakerNoOwner)
        #expect(fault(try await handover(by: owner, mesh: heir.home)) == .wrongMesh)
        let stranger = try await TestFamily().device()
        #expect(fault(try await handover(by: stranger)) == .speakerInvalid)
        var old = try await handover(by: owner)
        old.owner = owner.rotated().chain
        #expect(fault(old) == .badSignature, "the key in force must have signed")
    }

    @Test("a revoked owner speaks for nobody")
    func revoked() async throws {
        let ledger = RevocationLedger(mesh: family.mesh)
        let proof = try await family.revocationByWallet(of: owner.member)
        _ = ledger.take([proof], now: now)
        #expect(fault(try await handover(by: owner), revocations: ledger) == .speakerInvalid)
    }

    // MARK: Whom to follow

    @Test(
        "only an owner that was seen here a day before, and certified a day before, is followed unasked",
        arguments: [
            (seen: -25, certified: 0, follows: true), (seen: -24, certified: 0, follows: true),
            (seen: -23, certified: 0, follows: false), (seen: nil, certified: 0, follows: false),
            (seen: -25, certified: 25, follows: false),
        ] as [(seen: Int64?, certified: Int64, follows: Bool)])
    func probation(seen: Int64?, certified: Int64, follows: Bool) throws {
        let hour: Int64 = 3_600_000
        var owners = KnownMembers()
        let member = try owner.verified()
        let time = now + 48 * hour
        if let seen {
            let isNews = owners.note([member], now: time + seen * hour)
            #expect(isNews)
        }
        let at = certified == 0 ? time : now + 23 * hour
        #expect(owners.vouches(for: member, at: at, now: time) == follows)
    }

    @Test("first seen counts, is kept, and is not another certificate's of the same member")
    func owners() async throws {
        let folder = try TemporaryFolder()
        var owners = KnownMembers()
        let member = try owner.verified()
        let isNews = [owners.note([member], now: now), owners.note([member], now: now + 5)]
        #expect(isNews == [true, false])
        try owners.write(to: folder.file("known_members.json"))
        #expect(try KnownMembers(reading: folder.file("known_members.json")) == owners)
        var certificate = owner.chain.certificate
        certificate.scopes = [.send]
        let certified = try await family.wallet.sign(certificate)
        let again = try ChainVerifier(mesh: family.mesh).verify(Chain(certificate: certified), now: now)
        let late = now + 3 * KnownMembers.probation
        #expect(owners.vouches(for: member, at: late, now: late))
        #expect(!owners.vouches(for: again, at: late, now: late), "a thief can certify the same member anew")
    }

    @Test("of several wallets none is followed until the user chooses")
    func candidates() async throws {
        let (one, two) = (try await handover(by: owner), try TestWallet())
        var file = SuccessionFile()
        #expect(file.followed == nil && !file.isConflict)
        file.candidates = [.init(handover: one, isHeld: true, isTrusted: false)]
        #expect(file.followed == nil)
        file.candidates[0].isTrusted = true
        #expect(file.followed?.successor == heir.address)
        var rival = one
        rival.succession.successor = two.address
        file.candidates.append(.init(handover: rival, isHeld: true, isTrusted: true))
        #expect(file.followed == nil && file.isConflict)
        file.chosen = two.address
        #expect(file.followed?.successor == two.address && !file.isConflict)
    }

    // MARK: The switch

    /// A home in which everything for the new wallet lies ready.
    private func prepared(hasNewKeys: Bool) async throws -> (StateFolder, SuccessionFile, Installation) {
        let device = try await family.device()
        let installation = try Installation(device.state)
        let draft = try SuccessionDraft(from: installation, known: [], to: heir.address, now: now)
        var own = draft.certificates[0]
        if !hasNewKeys {
            own.ed25519 = installation.keys.signing.publicKey.bytes
            own.x25519 = installation.keys.sealing.publicKey.bytes
        }
        let chain = Chain(certificate: try await heir.sign(own))
        let issuer = hasNewKeys ? try await heir.sign(draft.issuer) : nil
        try SuccessionSwitch.stage(
            ChainFile(chain: chain, issuer: issuer), heir.file, hasNewKeys ? draft.keys : nil, in: device.state)
        for name in ["devices.json", "vault.sealed"] {
            try StateFolder.write([1], to: device.state.path(name), mode: 0o600)
        }
        try RevocationFile.write(installation.revocations.current, to: device.state.daemon() + "/revocations.json")
        var file = SuccessionFile()
        file.candidates = [.init(handover: try await handover(by: device), isHeld: true, isTrusted: true)]
        file.names = [owner.member: "laptop"]
        return (device.state, file, installation)
    }

    private func checkMoved(_ state: StateFolder, from before: Installation, hasNewKeys: Bool) throws {
        let after = try Installation(state)
        #expect(after.mesh == heir.home && after.wallet.address == heir.address && after.previous == family.mesh)
        #expect(after.chain.member == before.chain.member && after.machineID == before.machineID)
        #expect((after.keys.signing.publicKey == before.keys.signing.publicKey) == !hasNewKeys)
        #expect((after.keys.registrationSecret == before.keys.registrationSecret) == !hasNewKeys)
        #expect(after.keys.fingerprintKey == before.keys.fingerprintKey)
        #expect(after.chain.certificate.ed25519 == after.keys.signing.publicKey.bytes)
        #expect((after.issuer != nil) == hasNewKeys && after.formerNames == [owner.member: "laptop"])
        let left = try FileManager.default.contentsOfDirectory(atPath: state.root).sorted()
        #expect(left == ["daemon", "device.json", "vault.sealed.old-\(now)", "wallet.json"])
        let files = try FileManager.default.contentsOfDirectory(atPath: state.daemon()).sorted()
        #expect(files == ["chain.json", "keypair.json", "succession.json"])
        #expect(try SuccessionFile(reading: state).switching == nil)
    }

    @Test("a home moves whole, with new keys or its own", arguments: [true, false])
    func moves(hasNewKeys: Bool) async throws {
        let (state, file, before) = try await prepared(hasNewKeys: hasNewKeys)
        #expect(try !SuccessionSwitch(state, now: now).finish(), "nothing was begun")
        try SuccessionSwitch(state, now: now).begin(file, to: heir.address)
        #expect(try SuccessionSwitch(state, now: now).finish())
        try checkMoved(state, from: before, hasNewKeys: hasNewKeys)
        #expect(try !SuccessionSwitch(state, now: now).finish())
    }

    @Test(
        "a crash after any step is made good by the next start", arguments: SuccessionSwitch.Step.allCases,
        [true, false])
    func crashes(step: SuccessionSwitch.Step, hasNewKeys: Bool) async throws {
        struct Crash: Error {}
        let (state, file, before) = try await prepared(hasNewKeys: hasNewKeys)
        let crashing = SuccessionSwitch(state, now: now) { if $0 == step { throw Crash() } }
        #expect(throws: Crash.self) {
            try crashing.begin(file, to: heir.address)
            _ = try crashing.finish()
        }
        try SuccessionSwitch(state, now: now).finish()
        try checkMoved(state, from: before, hasNewKeys: hasNewKeys)
    }

    @Test("the draft takes everybody who is a member now, as what he is, and nobody else")
    func draft() async throws {
        let installation = try Installation(owner.state)
        let member = try family.device(issuedBy: owner).rotated()
        let revoked = try family.device(issuedBy: owner)
        _ = installation.revocations.take([try family.revocation(of: revoked.member, by: owner)], now: now)
        let known = try [owner.verified(), member.verified(), revoked.verified()]
        let draft = try SuccessionDraft(from: installation, known: known, to: heir.address, now: now)
        #expect(draft.certificates.map(\.member) == [owner.member, member.member])
        #expect(draft.certificates.map(\.role) == [.owner, .member])
        #expect(draft.certificates[1].ed25519 == member.keys.signing.publicKey.bytes)
        #expect(draft.certificates[1].machineID == member.machineID)
        #expect(draft.certificates[0].ed25519 == draft.keys.signing.publicKey.bytes)
        #expect(draft.certificates[0].ed25519 != owner.keys.signing.publicKey.bytes)
        let same = #expect(throws: KinError.self) {
            try SuccessionDraft(from: installation, known: [], to: family.wallet.address, now: now)
        }
        #expect(same?.code == "same_wallet")
    }

    @Test("a device that followed gets its issuer certificate by importing the new phrase, and keeps its member id")
    func gainsIssuer() async throws {
        let (state, file, before) = try await prepared(hasNewKeys: false)
        try SuccessionSwitch(state, now: now).begin(file, to: heir.address)
        try SuccessionSwitch(state, now: now).finish()
        let enrolment = Enrolment(state: state, now: now)
        #expect(try await enrolment.enrol(heir.file, signer: heir) == .gainedIssuer)
        #expect(try await enrolment.enrol(heir.file, signer: heir) == .alreadyEnrolled)
        let after = try Installation(state)
        #expect(after.chain.member == before.chain.member)
        #expect(after.issuer?.ed25519 == before.keys.issuing.publicKey.bytes)
        #expect(after.issuer?.isSigned(by: heir.key.publicKey) == true)
    }
}
