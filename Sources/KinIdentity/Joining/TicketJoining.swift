import KinCrypto
import KinEncoding
import KinWire

/// Makes this machine a member by a ticket: it certifies itself with the ticket's issuer key, within the ticket's limits.
public struct TicketJoining: Sendable {
    private let state: StateFolder
    /// Milliseconds.
    private let now: Int64

    public init(state: StateFolder, now: Int64) {
        self.state = state
        self.now = now
    }

    /// Where a ticket's mesh has its files: with the machine's own, unless that is another wallet's.
    /// - Throws: `ticket_invalid`, `ticket_expired`.
    public func place(for text: String) throws -> StateFolder {
        let mesh = try JoinTicket(text, at: now).credential.mesh
        let home = StateFolder(root: state.root)
        guard let own = try WalletFile(reading: home.walletPath), own.address != mesh.wallet else { return home }
        return StateFolder(root: state.root, mesh: MeshFolder(ofAnother: mesh))
    }

    /// What a ticket says to use; may be empty.
    /// - Throws: `ticket_invalid`, `ticket_expired`.
    public func servers(of text: String) throws -> [String] { try JoinTicket(text, at: now).servers }

    /// - Returns: the ticket; nil where the machine is a member of that mesh already.
    /// - Throws: `ticket_invalid`, `ticket_expired`, `another_wallet`.
    public func join(_ text: String) throws -> JoinTicket? {
        let ticket = try JoinTicket(text, at: now)
        let wallet = ticket.credential.mesh.wallet
        try state.prepare()
        try Enrolment(state: state, now: now).refuseAnotherWallet(than: wallet)
        let folder = state.daemon()
        if try WalletFile(reading: state.walletPath) != nil,
            try ChainFile(reading: folder + "/chain.json") != nil
        {
            return nil
        }
        let keys = try DeviceKeys(reading: folder + "/keypair.json") ?? .generate()
        try keys.write(to: folder + "/keypair.json")
        let chain = try ticket.chain(for: keys, machineID: MachineFile.load(in: state), now: now)
        try ChainFile(chain: chain, issuer: nil, credential: ticket.credential).write(to: folder + "/chain.json")
        try ticket.wallet.write(to: state.walletPath)
        return ticket
    }
}

extension JoinTicket {
    /// A ticket that was carried here, and holds at `now` (milliseconds).
    /// - Throws: `ticket_invalid`, `ticket_expired`.
    init(_ text: String, at now: Int64) throws {
        do throws(WireError) {
            try self.init(text: text)
        } catch {
            throw KinError("ticket_invalid", "this is no join credential: \(error.message)", category: .usage)
        }
        guard credential.isValid(at: now), issuer.isSigned(by: credential),
            let key = try? Ed25519.PrivateKey(seed: SecretBytes(copying: seed)),
            key.publicKey.bytes == credential.ed25519
        else {
            guard credential.expiresAt > now else {
                throw KinError(
                    "ticket_expired", "this join credential has expired: ask for a new one", category: .refused)
            }
            throw KinError(
                "ticket_invalid", "this join credential was changed, or is not valid yet", category: .refused)
        }
    }

    /// A member of its own for these keys, within the ticket's limits.
    /// - Parameters:
    ///   - expiresAt: milliseconds, where it is to end before the ticket does.
    ///   - now: milliseconds.
    func chain(for keys: DeviceKeys, machineID: MachineID, expiresAt: Int64? = nil, now: Int64) throws -> Chain {
        let certificate = Certificate(
            mesh: credential.mesh, member: ULID(milliseconds: now, randomness: Random.bytes(10)),
            machineID: machineID, ed25519: keys.signing.publicKey.bytes, x25519: keys.sealing.publicKey.bytes,
            role: credential.role, issuedAt: now,
            expiresAt: min(expiresAt ?? credential.expiresAt, credential.expiresAt),
            issuer: .member(credential.credential)
        ).signed(by: try Ed25519.PrivateKey(seed: SecretBytes(copying: seed)))
        return Chain(issuer: issuer, certificate: certificate)
    }

    /// What a machine that joins by it keeps of the wallet.
    var wallet: WalletFile {
        WalletFile(
            address: credential.mesh.wallet, routeID: routeID, boxPublic: boxPublic, recordKey: nil, boxSecret: nil)
    }
}

extension JoinCredential {
    /// Whether the wallet signed it and it holds at `now` (milliseconds).
    public func isValid(at now: Int64) -> Bool {
        guard let wallet = try? Ed25519.PublicKey(mesh.wallet.bytes), isSigned(by: wallet) else { return false }
        return now + StatementLimits.maxAhead >= notBefore && now < expiresAt
    }
}

extension IssuerCertificate {
    /// Whether this is the one that goes with `credential`, by the wallet.
    fileprivate func isSigned(by credential: JoinCredential) -> Bool {
        guard let wallet = try? Ed25519.PublicKey(mesh.wallet.bytes) else { return false }
        var unsigned = self
        unsigned.signature = []
        return unsigned == credential.issuerCertificate && isSigned(by: wallet)
    }
}
