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

    /// - Returns: the ticket; nil where the machine had joined by it before.
    /// - Throws: `ticket_invalid`, `ticket_expired`, `another_wallet`.
    public func join(_ text: String) throws -> JoinTicket? {
        let ticket = try read(text)
        let wallet = ticket.credential.mesh.wallet
        try state.prepare()
        try Enrolment(state: state, now: now).refuseAnotherWallet(than: wallet)
        let folder = state.daemon()
        if try WalletFile(reading: state.path("wallet.json")) != nil,
            try ChainFile(reading: folder + "/chain.json") != nil
        {
            return nil
        }
        let keys = try DeviceKeys(reading: folder + "/keypair.json") ?? .generate()
        try keys.write(to: folder + "/keypair.json")
        let certificate = Certificate(
            mesh: ticket.credential.mesh, member: ULID(milliseconds: now, randomness: Random.bytes(10)),
            machineID: try MachineFile.load(in: state), ed25519: keys.signing.publicKey.bytes,
            x25519: keys.sealing.publicKey.bytes, role: ticket.credential.role, issuedAt: now,
            expiresAt: ticket.credential.expiresAt, issuer: .member(ticket.credential.credential)
        ).signed(by: try Ed25519.PrivateKey(seed: SecretBytes(copying: ticket.seed)))
        let chain = Chain(issuer: ticket.issuer, certificate: certificate)
        try ChainFile(chain: chain, issuer: nil, credential: ticket.credential).write(to: folder + "/chain.json")
        try WalletFile(
            address: wallet, routeID: ticket.routeID, boxPublic: ticket.boxPublic, recordKey: nil, boxSecret: nil
        ).write(to: state.path("wallet.json"))
        return ticket
    }

    private func read(_ text: String) throws -> JoinTicket {
        let ticket: JoinTicket
        do throws(WireError) {
            ticket = try JoinTicket(text: text)
        } catch {
            throw KinError("ticket_invalid", "this is no join credential: \(error.message)", category: .usage)
        }
        let credential = ticket.credential
        guard credential.isValid(at: now), ticket.issuer.isSigned(by: credential),
            let key = try? Ed25519.PrivateKey(seed: SecretBytes(copying: ticket.seed)),
            key.publicKey.bytes == credential.ed25519
        else {
            guard credential.expiresAt > now else {
                throw KinError(
                    "ticket_expired", "this join credential has expired: ask for a new one", category: .refused)
            }
            throw KinError(
                "ticket_invalid", "this join credential was changed, or is not valid yet", category: .refused)
        }
        return ticket
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
