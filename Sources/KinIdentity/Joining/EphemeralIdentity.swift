import KinCrypto
import KinEncoding
public import KinWire

/// A device for one job: a member like any other, whose keys no disk ever sees.
///
/// It has no issuer certificate: it can neither certify nor revoke others.
public struct EphemeralIdentity: Sendable {
    let wallet: WalletFile
    let machineID: MachineID
    let keys = DeviceKeys.generate()
    let chain: Chain
    let credential: JoinCredential?

    /// Joins by a ticket.
    /// - Parameters:
    ///   - expiresAt: when its certificate ends, milliseconds; nil or later than the ticket: with the ticket.
    ///   - now: milliseconds.
    /// - Throws: `ticket_invalid`, `ticket_expired`.
    public init(ticket text: String, expiresAt: Int64?, now: Int64) throws {
        let ticket = try JoinTicket(text, at: now)
        wallet = ticket.wallet
        machineID = try MachineFile.random()
        chain = try ticket.chain(for: keys, machineID: machineID, expiresAt: expiresAt, now: now)
        credential = ticket.credential
        servers = ticket.servers
    }

    /// Enrols with the wallet itself, as an owner.
    /// - Parameters:
    ///   - expiresAt: when its certificate ends, milliseconds; nil: never.
    ///   - now: milliseconds.
    /// - Throws: whatever the signer throws.
    public init(wallet: WalletFile, signer: any WalletSigner, expiresAt: Int64?, now: Int64) async throws {
        self.wallet = wallet
        machineID = try MachineFile.random()
        chain = Chain(
            certificate: try await signer.sign(
                Certificate(
                    mesh: .home(of: wallet.address), member: ULID(milliseconds: now, randomness: Random.bytes(10)),
                    machineID: machineID, ed25519: keys.signing.publicKey.bytes,
                    x25519: keys.sealing.publicKey.bytes, role: .owner, issuedAt: now, expiresAt: expiresAt,
                    issuer: .wallet)))
        credential = nil
        servers = []
    }

    /// What the ticket names; empty where there was none, or it names none.
    public let servers: [String]

    public var mesh: MeshID { chain.certificate.mesh }
    public var role: Role { chain.certificate.role }
}
