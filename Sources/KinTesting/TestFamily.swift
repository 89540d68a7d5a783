import KinCrypto
import KinEncoding
import KinIdentity
import KinWire

/// Devices of one wallet, really enrolled, each in a folder of its own.
public final class TestFamily: Sendable {
    public let wallet: TestWallet
    /// When its devices were enrolled, milliseconds.
    public let now: Int64
    private let folder: TemporaryFolder

    public init(now: Int64 = TestClock.start) throws {
        wallet = try TestWallet()
        self.now = now
        folder = try TemporaryFolder()
    }

    public var mesh: MeshID { wallet.home }

    /// Enrols one more device, an owner by the wallet's word.
    /// - Parameter time: when, milliseconds; nil: `now`.
    public func device(at time: Int64? = nil) async throws -> TestDevice {
        let state = StateFolder(root: folder.file(Hex.encode(Random.bytes(6))))
        try await Enrolment(state: state, now: time ?? now).enrol(wallet.file, signer: wallet)
        return try TestDevice(Installation(state))
    }

    /// A device that another one certified with its issuer key.
    public func device(issuedBy issuer: TestDevice, role: Role = .member) throws -> TestDevice {
        let own = try MachineID(Hex.encode(Random.bytes(8))).orThrow("machine id")
        let keys = DeviceKeys.generate()
        let word = try ChainFile(reading: issuer.state.daemon() + "/chain.json").orThrow("chain.json").issuer
        let certificate = Certificate(
            mesh: mesh, member: ULID(milliseconds: now, randomness: Random.bytes(10)), machineID: own,
            ed25519: keys.signing.publicKey.bytes, x25519: keys.sealing.publicKey.bytes, role: role, issuedAt: now,
            expiresAt: role == .guest ? now + 86_400_000 : nil, issuer: .member(issuer.member)
        ).signed(by: issuer.keys.issuing)
        return TestDevice(
            state: issuer.state, keys: keys, chain: Chain(issuer: word, certificate: certificate), machineID: own)
    }
}

/// One device of a `TestFamily`: what it needs to speak for itself.
public struct TestDevice: Sendable {
    /// Of the enrolled device, or of the one that issued it.
    public let state: StateFolder
    public let keys: DeviceKeys
    public let chain: Chain
    public let machineID: MachineID

    init(_ installation: Installation) {
        self.init(
            state: installation.state, keys: installation.keys, chain: installation.chain,
            machineID: installation.machineID)
    }

    init(state: StateFolder, keys: DeviceKeys, chain: Chain, machineID: MachineID) {
        self.state = state
        self.keys = keys
        self.chain = chain
        self.machineID = machineID
    }

    /// The same keys under another chain.
    public init(copying device: TestDevice, chain: Chain) {
        self.init(state: device.state, keys: device.keys, chain: chain, machineID: device.machineID)
    }

    public var member: ULID { chain.member }
    public var mesh: MeshID { chain.certificate.mesh }

    /// What others know it as.
    public func verified(now: Int64 = TestClock.start) throws -> VerifiedMember {
        try ChainVerifier(mesh: mesh).verify(chain, now: now)
    }

    /// The same device after one more keypair rotation.
    public func rotated(at: Int64 = TestClock.start) -> TestDevice {
        let next = DeviceKeys(
            signing: .random(), sealing: .random(), issuing: keys.issuing,
            registrationSecret: keys.registrationSecret, fingerprintKey: keys.fingerprintKey)
        var chain = chain
        chain.rotations.append(
            Rotation(
                mesh: mesh, member: member, seq: Int64(chain.rotations.count) + 1,
                oldEd25519: keys.signing.publicKey.bytes, newEd25519: next.signing.publicKey.bytes,
                newX25519: next.sealing.publicKey.bytes, at: at
            ).signed(old: keys.signing, new: next.signing))
        return TestDevice(state: state, keys: next, chain: chain, machineID: machineID)
    }
}

extension TestFamily {
    /// An entry by which `author`'s issuer key revokes a member.
    public func revocation(
        of target: ULID, by author: TestDevice, seq: Int64 = 1, previous: [UInt8]? = nil, cutoff: Int64? = nil,
        at: Int64? = nil, reason: String = ""
    ) throws -> RevocationProof {
        let issuer = try ChainFile(reading: author.state.daemon() + "/chain.json").orThrow("chain.json").issuer
        let entry = Revocation(
            mesh: mesh, author: .member(author.member), seq: seq, previous: previous, target: target,
            cutoff: cutoff ?? at ?? now, reason: reason, at: at ?? now)
        return RevocationProof(issuer: issuer, entry: entry.signed(by: author.keys.issuing))
    }

    /// An entry by which the wallet revokes a member.
    public func revocationByWallet(
        of target: ULID, seq: Int64 = 1, previous: [UInt8]? = nil, cutoff: Int64? = nil, keep: [[UInt8]] = [],
        at: Int64? = nil
    ) async throws -> RevocationProof {
        let entry = Revocation(
            mesh: mesh, author: .wallet, seq: seq, previous: previous, target: target, cutoff: cutoff ?? at ?? now,
            keep: keep, reason: "", at: at ?? now)
        return RevocationProof(entry: try await wallet.sign(entry))
    }
}

extension TestFamily {
    /// A join credential with its key, as `kin mesh credential` makes it.
    public func ticket(role: Role = .machine, uses: Int64, lifetime: Int64 = 86_400_000) async throws -> JoinTicket {
        let key = Ed25519.PrivateKey.random()
        let credential = try await wallet.sign(
            JoinCredential(
                mesh: mesh, credential: ULID(milliseconds: now, randomness: Random.bytes(10)),
                ed25519: key.publicKey.bytes, role: role, uses: uses, notBefore: now, expiresAt: now + lifetime))
        return JoinTicket(
            credential: credential, issuer: try await wallet.sign(credential.issuerCertificate),
            seed: key.seed.withBytes { Array($0) }, routeID: wallet.file.routeID, boxPublic: wallet.file.boxPublic,
            servers: ["https://a.example"])
    }

    /// A device that joined by a ticket.
    public func device(by ticket: JoinTicket) throws -> TestDevice {
        let state = StateFolder(root: folder.file(Hex.encode(Random.bytes(6))))
        _ = try TicketJoining(state: state, now: now).join(ticket.text)
        return try TestDevice(Installation(state))
    }

    /// Whoever has a ticket, with keys of his own, under the member id of `victim`.
    public func impostor(of victim: ULID, by ticket: JoinTicket) throws -> TestDevice {
        let thief = try device(by: ticket)
        var chain = thief.chain
        chain.certificate.member = victim
        chain.certificate = chain.certificate.signed(
            by: try Ed25519.PrivateKey(seed: SecretBytes(copying: ticket.seed)))
        return TestDevice(copying: thief, chain: chain)
    }

    /// The same device by a later word of the wallet, or an earlier one.
    /// - Parameter keys: the device's own unless said.
    public func recertified(_ device: TestDevice, at time: Int64, keys: DeviceKeys? = nil) async throws -> TestDevice {
        let keys = keys ?? device.keys
        let certificate = try await wallet.sign(
            Certificate(
                mesh: mesh, member: device.member, machineID: device.machineID, ed25519: keys.signing.publicKey.bytes,
                x25519: keys.sealing.publicKey.bytes, role: .owner, issuedAt: time, issuer: .wallet))
        return TestDevice(
            state: device.state, keys: keys, chain: Chain(certificate: certificate), machineID: device.machineID)
    }
}
