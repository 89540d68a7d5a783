import Foundation
import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct JoiningTests {
    let folder: TemporaryFolder
    let family: TestFamily
    let owner: Installation
    let now = TestClock.start

    init() async throws {
        folder = try TemporaryFolder()
        family = try TestFamily()
        owner = try Installation(await family.device().state)
    }

    private func machine(_ name: String = "kiosk") -> Joining {
        Joining(state: StateFolder(root: folder.file(name)), now: now)
    }

    private var approving: Approving { Approving(owner, now: now) }

    private func approve(_ text: String, role: Role = .member, lifetime: Int64? = nil) throws -> String {
        try approving.approve(approving.read(text), role: role, lifetime: lifetime, servers: ["https://a.example"]).text
    }

    @Test("a machine that asks and is approved is a member, and has no secret of the family")
    func joins() throws {
        let request = try machine().request(name: DeviceName("kiosk"))
        let approval = try machine().open(approve(request.text, role: .machine))
        try machine().accept(approval)
        let installation = try Installation(StateFolder(root: folder.file("kiosk")))
        #expect(installation.chain.certificate.role == .machine && installation.issuer == nil)
        #expect(installation.wallet.recordKey == nil && installation.wallet.boxSecret == nil)
        #expect(installation.wallet.address == family.wallet.address)
        #expect(approval.servers == ["https://a.example"])
        let member = try ChainVerifier(mesh: family.mesh).verify(installation.chain, now: now)
        #expect(member.machineID == request.machineID)
        let error = #expect(throws: KinError.self) { try machine().request(name: nil) }
        #expect(error?.code == "wallet_exists")
    }

    @Test("asking again asks with the same id and keys, so that an older answer still fits")
    func again() throws {
        let first = try machine().request(name: nil)
        let second = try machine().request(name: DeviceName("other"))
        #expect(first.machineID == second.machineID && first.ed25519 == second.ed25519)
        try machine().accept(machine().open(approve(first.text)))
    }

    @Test("both sides compute the same safety numbers; another machine or family has others")
    func safetyNumbers() throws {
        let request = try machine().request(name: nil)
        let carried = try approving.read(request.text)
        #expect(SafetyNumber.of(carried) == SafetyNumber.of(request))
        #expect(try SafetyNumber.of(machine("two").request(name: nil)) != SafetyNumber.of(request))
        #expect(SafetyNumber.of(family.wallet.address) != SafetyNumber.of(try TestFamily().wallet.address))
        #expect(SafetyNumber.of(request).description.wholeMatch(of: /(\d{5} ){5}\d{5}/) != nil)
    }

    @Test("a machine joins by a ticket once, within its limits, and any change to the ticket is refused")
    func tickets() async throws {
        let ticket = try await family.ticket(role: .guest, uses: 1)
        let state = StateFolder(root: folder.file("runner"))
        #expect(try TicketJoining(state: state, now: now).join("  " + ticket.text + "\n") == ticket)
        #expect(try TicketJoining(state: state, now: now).join(ticket.text) == nil, "it joined before")
        let installation = try Installation(state)
        let member = try ChainVerifier(mesh: family.mesh).verify(installation.chain, now: now)
        #expect(member.role == .guest && member.chain.certificate.expiresAt == ticket.credential.expiresAt)
        #expect(installation.credential == ticket.credential && installation.wallet.recordKey == nil)
        var raised = ticket
        raised.credential.uses = 2
        var widened = ticket
        widened.issuer.maxRole = .owner
        var otherKey = ticket
        otherKey.seed[0] ^= 1
        let fresh = { (number: Int) in StateFolder(root: folder.file("fresh-\(number)")) }
        for (index, ticket) in [raised, widened, otherKey].enumerated() {
            let error = #expect(throws: KinError.self) {
                _ = try TicketJoining(state: fresh(index), now: now).join(ticket.text)
            }
            #expect(error?.code == "ticket_invalid", "\(index)")
        }
        let late = #expect(throws: KinError.self) {
            _ = try TicketJoining(state: fresh(9), now: ticket.credential.expiresAt).join(ticket.text)
        }
        #expect(late?.code == "ticket_expired")
        let other = try await TestFamily().ticket(uses: 1)
        let elsewhere = #expect(throws: KinError.self) {
            _ = try TicketJoining(state: state, now: now).join(other.text)
        }
        #expect(elsewhere?.code == "another_wallet")
        #expect(throws: KinError.self) { _ = try TicketJoining(state: fresh(10), now: now).join("kinjoin1.AAAA") }
    }

    @Test("requests, approvals and numbers are those of the vectors")
    func vectors() throws {
        for vector in try Vector.list("kindred/joining.json", "requests") {
            let request = try JoinRequest(text: vector.text("text"))
            #expect(
                try request.text == vector.text("text") && request.machineID.description == vector.text("machine_id"))
            #expect(try SafetyNumber.of(request).description == vector.text("safety_number"))
            #expect(request.isSigned(by: try Ed25519.PublicKey(request.ed25519)))
        }
        let file = try Vectors.json("kindred/joining.json")
        guard case .object(let members) = file, case .object(let family)? = members["family"],
            case .object(let approval)? = members["approval"], case .string(let canonical)? = approval["canonical"],
            case .string(let wallet)? = family["wallet"]
        else { throw MissingValue("joining.json") }
        let address = try WalletAddress(wallet).orThrow("address")
        #expect(family["safety_number"] == .string(SafetyNumber.of(address).description))
        #expect(try JoinApproval(canonical: Array(canonical.utf8)).canonicalBytes() == Array(canonical.utf8))
    }

    @Test("text that was wrapped or indented on its way is read")
    func wrapped() throws {
        let text = try machine().request(name: nil).text
        let lines = stride(from: 0, to: text.count, by: 60).map { String(text.dropFirst($0).prefix(60)) }
        let carried = "\n  " + lines.joined(separator: "\r\n  ") + "  \n"
        #expect(try approving.read(carried).text == text)
    }

    @Test("a request that was changed, is old, or is none is refused")
    func badRequests() throws {
        let request = try machine().request(name: nil)
        var forged = request
        forged.x25519 = X25519.PrivateKey.random().publicKey.bytes
        let late = Approving(owner, now: now + Approving.maxAge)
        let early = Approving(owner, now: now - StatementLimits.maxAhead - 1)
        for (approving, text, code) in [
            (approving, forged.text, "request_invalid"), (late, request.text, "request_old"),
            (early, request.text, "request_old"), (approving, "", "request_invalid"),
            (approving, String(request.text.dropLast(3)), "request_invalid"),
            (approving, "kinreq1.!!!", "request_invalid"), (approving, "kinapp1.AAAA", "request_invalid"),
        ] {
            let error = #expect(throws: KinError.self) { _ = try approving.read(text) }
            #expect(error?.code == code, "\(text.prefix(40))")
        }
    }

    @Test("an owner is not approved, a guest must expire, and a device without an issuer key approves nobody")
    func limits() throws {
        let request = try approving.read(machine().request(name: nil).text)
        let owning = #expect(throws: KinError.self) {
            try approving.approve(request, role: .owner, lifetime: nil, servers: [])
        }
        #expect(owning?.code == "role_needs_wallet")
        let guest = #expect(throws: KinError.self) {
            try approving.approve(request, role: .guest, lifetime: nil, servers: [])
        }
        #expect(guest?.code == "guest_needs_end")
        try machine().accept(machine().open(approve(request.text, role: .guest, lifetime: 60_000)))
        let member = Approving(try Installation(StateFolder(root: folder.file("kiosk"))), now: now)
        let other = try machine("two").request(name: nil)
        let refused = #expect(throws: KinError.self) {
            try member.approve(other, role: .guest, lifetime: 1, servers: [])
        }
        #expect(refused?.code == "not_an_issuer")
    }

    @Test("an approval of another request, of a stranger, or one that was changed is not accepted")
    func badApprovals() async throws {
        let request = try machine().request(name: nil)
        let other = try machine("two").request(name: nil)
        let strangers = try TestFamily()
        let stranger = try Installation(await strangers.device().state)
        let answer = try approve(request.text)
        var bent = Array(answer.utf8)
        bent[bent.count / 2] = bent[bent.count / 2] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        for (text, code) in [
            (try approve(other.text), "approval_not_mine"),
            (String(decoding: bent, as: UTF8.self), "approval_not_mine"),
            ("kinapp1.", "approval_not_mine"), ("nonsense", "approval_invalid"), (request.text, "approval_invalid"),
        ] {
            let error = #expect(throws: KinError.self) { _ = try machine().open(text) }
            #expect(error?.code == code, "\(text.prefix(40))")
        }
        // Sealed to this machine, but certifying other keys.
        let stolen = JoinApproval(
            chain: Chain(certificate: stranger.chain.certificate), routeID: "x", boxPublic: stranger.wallet.boxPublic,
            servers: [])
        let sealed = Box.sealAnonymously(stolen.canonicalBytes(), to: try X25519.PublicKey(request.x25519))
        let error = #expect(throws: KinError.self) { _ = try machine().open(JoinApproval.text(sealed: sealed)) }
        #expect(error?.code == "approval_not_mine")
        let nothing = #expect(throws: KinError.self) { _ = try machine("three").open(answer) }
        #expect(nothing?.code == "no_request")
    }
}
