import Foundation
import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct PairedJoiningTests {
    let folder: TemporaryFolder
    let family: TestFamily
    let owner: Installation
    static let now = TestClock.start

    init() async throws {
        folder = try TemporaryFolder()
        family = try TestFamily()
        owner = try Installation(await family.device().state)
    }

    private func home(_ name: String = "kiosk") -> StateFolder { StateFolder(root: folder.file(name)) }

    private func joining(
        _ purpose: PairingPurpose = .device, _ name: String = "kiosk", at now: Int64 = now
    ) throws -> PairedJoining {
        try PairedJoining(purpose, name: DeviceName(name), home: home(name), now: { now })
    }

    private func offer(
        _ purpose: PairingPurpose = .device, role: Role = .member, expiresAt: Int64? = nil
    ) -> PairingOffer {
        PairingOffer(purpose: purpose, mesh: family.mesh, role: role, expiresAt: expiresAt)
    }

    private func certify(_ request: JoinRequest, as offer: PairingOffer, at now: Int64 = now) throws -> [UInt8] {
        let approving = Approving(owner, now: now)
        try approving.check(request)
        return try approving.certify(
            request, role: offer.role, expiresAt: offer.expiresAt, servers: ["https://a.example"]
        ).sealed
    }

    /// Files with secrets or certificates below a home.
    private func kept(_ name: String = "kiosk") throws -> [String] {
        let found = FileManager.default.enumerator(atPath: folder.file(name))?.allObjects as? [String] ?? []
        return found.filter { $0.hasSuffix(".json") && $0 != "device.json" }.sorted()
    }

    private func code(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return (error as? KinError)?.code
        }
    }

    @Test("until it is certified nothing is written but its id; then it is a member without the family's secrets")
    func joins() throws {
        let joining = try joining()
        try joining.check(offer())
        #expect(try kept() == [])
        let approval = try joining.open(certify(joining.request, as: offer()), offered: offer())
        #expect(try kept() == [])
        let place = try joining.accept(approval, offered: offer())
        #expect(place == home())
        let installation = try Installation(home())
        #expect(installation.keys.signing.publicKey.bytes == joining.request.ed25519)
        #expect(installation.issuer == nil && installation.wallet.recordKey == nil)
        #expect(installation.wallet.address == family.wallet.address && installation.chain.certificate.role == .member)
        #expect(code { _ = try self.joining() } == "wallet_exists")
    }

    @Test("a machine with a family of its own joins beside it, with keys of its own there")
    func beside() async throws {
        let own = try TestFamily()
        let device = try await own.device()
        let joining = try PairedJoining(.mesh, name: nil, home: device.state, now: { Self.now })
        let wanted = offer(.mesh, role: .guest, expiresAt: Self.now + 60_000)
        try joining.check(wanted)
        let approval = try joining.open(certify(joining.request, as: wanted), offered: wanted)
        let place = try joining.accept(approval, offered: wanted)
        #expect(place.mesh == MeshFolder(ofAnother: family.mesh) && device.state.meshes() == [.home, place.mesh])
        let (mine, theirs) = (try Installation(device.state), try Installation(place))
        #expect(
            mine.wallet.address == own.wallet.address && mine.keys.signing.publicKey == device.keys.signing.publicKey)
        #expect(theirs.wallet.address == family.wallet.address && theirs.chain.certificate.role == .guest)
        #expect(theirs.keys.signing.publicKey != mine.keys.signing.publicKey)
        #expect(theirs.machineID == mine.machineID)
        let again = try PairedJoining(.mesh, name: nil, home: device.state, now: { Self.now })
        #expect(code { try again.check(wanted) } == "already_member")
    }

    @Test("a machine of no family takes the mesh as its own place, and no invitation is for one's own family")
    func places() async throws {
        let joining = try joining(.mesh)
        let wanted = offer(.mesh, role: .machine)
        let place = try joining.accept(
            joining.open(certify(joining.request, as: wanted), offered: wanted), offered: wanted)
        #expect(place == home())
        let own = try PairedJoining(.mesh, name: nil, home: owner.state, now: { Self.now })
        #expect(code { try own.check(wanted) } == "already_member")
    }

    @Test("keys of an earlier request by hand are used, so that both ways end at one machine")
    func earlier() throws {
        let asked = try Joining(state: home(), now: Self.now).request(name: nil)
        #expect(try joining().request.ed25519 == asked.ed25519)
    }

    @Test("what is offered must be a membership that holds")
    func offers() throws {
        let joining = try joining()
        var elsewhere = offer()
        elsewhere.mesh = try MeshID(slug: "work", wallet: family.mesh.wallet).orThrow("mesh")
        for wrong in [
            offer(.mesh), offer(role: .owner), offer(role: .guest), offer(expiresAt: Self.now), elsewhere,
        ] {
            #expect(code { try joining.check(wrong) } == "offer_invalid")
        }
        try joining.check(offer(role: .guest, expiresAt: Self.now + 1))
    }

    @Test("what comes must be what was offered, for these keys")
    func differs() throws {
        let joining = try joining()
        let shown = offer()
        for other in [offer(role: .machine), offer(expiresAt: Self.now + 1_000)] {
            let sealed = try certify(joining.request, as: other)
            #expect(code { _ = try joining.open(sealed, offered: shown) } == "approval_differs")
        }
        let other = try self.joining(.device, "two")
        let sealed = try certify(other.request, as: shown)
        #expect(code { _ = try joining.open(sealed, offered: shown) } == "approval_not_mine")
        #expect(code { _ = try joining.open([], offered: shown) } == "approval_not_mine")
        #expect(code { _ = try joining.open(Random.bytes(200), offered: shown) } == "approval_not_mine")
        #expect(try kept() == [])
    }

    @Test("people who take nine minutes are not taken for clocks that differ")
    func slow() throws {
        let clock = TestClock(Self.now)
        let joining = try PairedJoining(.device, name: nil, home: home(), now: { clock.now })
        clock.advance(by: 540_000)
        let sealed = try certify(joining.request, as: offer(), at: clock.now)
        #expect(code { _ = try joining.open(sealed, offered: offer()) } == nil)
    }

    @Test("a machine that became a member meanwhile is not made another's")
    func meanwhile() async throws {
        let joining = try joining()
        let approval = try joining.open(certify(joining.request, as: offer()), offered: offer())
        let other = try TestFamily()
        try await Enrolment(state: home(), now: Self.now).enrol(other.wallet.file, signer: other.wallet)
        #expect(code { try joining.accept(approval, offered: offer()) } != nil)
        #expect(try Installation(home()).wallet.address == other.wallet.address)
    }

    @Test("a device that was revoked, or never could, certifies nobody, and says so before anybody is asked")
    func issuers() async throws {
        #expect(code { try Approving(owner, now: Self.now).check(role: .owner, expiresAt: nil) } == "role_needs_wallet")
        #expect(code { try Approving(owner, now: Self.now).check(role: .guest, expiresAt: nil) } == "guest_needs_end")
        let joining = try joining()
        try joining.accept(
            joining.open(certify(joining.request, as: offer()), offered: offer()), offered: offer())
        let member = try Installation(home())
        #expect(code { try Approving(member, now: Self.now).check(role: .guest, expiresAt: 1) } == "not_an_issuer")
        let proof = try await family.revocationByWallet(of: owner.chain.member)
        _ = owner.revocations.take([proof], now: Self.now)
        #expect(code { try Approving(owner, now: Self.now).check(role: .member, expiresAt: nil) } == "device_revoked")
    }
}
