import Foundation
import KinCrypto
import KinIdentity
import KinTesting
import KinWire
import Testing

/// A device whose keys no disk sees, and the folder it works in.
@Suite struct EphemeralTests {
    let folder: TemporaryFolder
    let family: TestFamily
    let now = TestClock.start

    init() throws {
        folder = try TemporaryFolder()
        family = try TestFamily()
    }

    private func verified(_ installation: Installation) throws -> VerifiedMember {
        try ChainVerifier(mesh: family.mesh).verify(installation.chain, now: now)
    }

    @Test("by a join credential it is what the credential says, for no longer, and nothing of it is written")
    func ticket() async throws {
        let ticket = try await family.ticket(role: .guest, uses: 3)
        let identity = try EphemeralIdentity(ticket: ticket.text, lifetime: 60_000, now: now)
        let state = StateFolder(root: folder.file("home"))
        let installation = try Installation(identity, in: state)
        #expect(installation.isEphemeral && installation.issuer == nil && installation.wallet.recordKey == nil)
        #expect(installation.credential == ticket.credential)
        #expect(try verified(installation).role == .guest)
        #expect(installation.chain.certificate.expiresAt == now + 60_000 + EphemeralIdentity.margin)
        #expect(identity.endsAt == now + 60_000)
        #expect(try FileManager.default.subpathsOfDirectory(atPath: state.root).sorted() == ["daemon", "daemon/home"])
        let later = try EphemeralIdentity(ticket: ticket.text, lifetime: 1 << 50, now: now)
        #expect(try Installation(later, in: state).chain.certificate.expiresAt == ticket.credential.expiresAt)
        #expect(throws: KinError.self) { try EphemeralIdentity(ticket: "kinjoin1.x", lifetime: nil, now: now) }
    }

    @Test("by the wallet it is an owner that can certify nobody; two of them are two members of two machines")
    func wallet() async throws {
        let state = StateFolder(root: folder.file("home"))
        var seen: Set<String> = []
        for _ in 0..<2 {
            let identity = try await EphemeralIdentity(
                wallet: family.wallet.file, signer: family.wallet, lifetime: nil, now: now)
            let installation = try Installation(identity, in: state)
            #expect(try verified(installation).role == .owner && installation.issuer == nil)
            #expect(installation.wallet.recordKey == family.wallet.file.recordKey)
            seen.formUnion([installation.machineID.description, installation.chain.member.description])
        }
        #expect(seen.count == 4)
        #expect(try FileManager.default.subpathsOfDirectory(atPath: state.root).sorted() == ["daemon", "daemon/home"])
    }

    @Test("its folder is private, says what it is, and becomes nobody's home")
    func privateFolder() async throws {
        let made = try EphemeralFolder(in: folder.path)
        let attributes = try FileManager.default.attributesOfItem(atPath: made.state.root)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        #expect(EphemeralFolder.isOne(made.state) && !EphemeralFolder.isOne(StateFolder(root: folder.path)))
        let ticket = try await family.ticket(role: .guest, uses: 1)
        for attempt in [
            { _ = try Installation(made.state) }, { _ = try Joining(state: made.state, now: now).request(name: nil) },
            { _ = try TicketJoining(state: made.state, now: now).join(ticket.text) },
        ] {
            let error = #expect(throws: KinError.self) { try attempt() }
            #expect(error?.code == "ephemeral_device")
        }
        #expect(!EphemeralFolder.wasOne(made.state))
        made.remove()
        #expect(!FileManager.default.fileExists(atPath: made.state.root))
        // A shell still has its name: nothing lasting is made there.
        #expect(EphemeralFolder.wasOne(made.state) && !EphemeralFolder.wasOne(StateFolder(root: folder.path)))
        for attempt in [{ try made.state.prepare() }, { try made.state.check() }] {
            let error = #expect(throws: KinError.self) { try attempt() }
            #expect(error?.code == "ephemeral_ended")
        }
        #expect(throws: KinError.self) { try EphemeralFolder(in: folder.file("nowhere")) }
    }

    @Test("what a killed one left is removed; what is in use, fresh, open to others, or somebody else's thing stays")
    func sweep() throws {
        let used = try EphemeralFolder(in: folder.path)
        func make(_ name: String, mode: Int = 0o700, marked: Bool = true) throws {
            try FileManager.default.createDirectory(
                atPath: folder.file(name), withIntermediateDirectories: false, attributes: [.posixPermissions: mode])
            if marked { try Data("1".utf8).write(to: URL(fileURLWithPath: folder.file(name + "/ephemeral"))) }
        }
        try make("kindred-left")
        try make("kindred-open", mode: 0o755)
        try make("kindred-plain", marked: false)
        try make("others-thing")
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("kindred-link"), withDestinationPath: folder.file("others-thing"))
        #expect(EphemeralFolder.sweep(folder.path) == 0, "too young to be judged")
        #expect(EphemeralFolder.sweep(folder.path, now: Date(timeIntervalSinceNow: 61)) == 1)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let name = (used.state.root as NSString).lastPathComponent
        #expect(left == [name, "kindred-link", "kindred-open", "kindred-plain", "others-thing"].sorted())
        withExtendedLifetime(used) {}
    }
}
