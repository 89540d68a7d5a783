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
    ///   - lifetime: of the device, milliseconds; nil or longer than the ticket: until the ticket ends.
    ///   - now: milliseconds.
    /// - Throws: `ticket_invalid`, `ticket_expired`.
    public init(ticket text: String, lifetime: Int64?, now: Int64) throws {
        let ticket = try JoinTicket(text, at: now)
        wallet = ticket.wallet
        machineID = try MachineFile.random()
        chain = try ticket.chain(for: keys, machineID: machineID, expiresAt: Self.end(lifetime, now), now: now)
        credential = ticket.credential
        servers = ticket.servers
    }

    /// Enrols with the wallet itself, as an owner.
    /// - Parameters:
    ///   - lifetime: of the device, milliseconds; nil: for ever.
    ///   - now: milliseconds.
    /// - Throws: whatever the signer throws.
    public init(wallet: WalletFile, signer: any WalletSigner, lifetime: Int64?, now: Int64) async throws {
        self.wallet = wallet
        machineID = try MachineFile.random()
        chain = Chain(
            certificate: try await signer.sign(
                Certificate(
                    mesh: .home(of: wallet.address), member: ULID(milliseconds: now, randomness: Random.bytes(10)),
                    machineID: machineID, ed25519: keys.signing.publicKey.bytes,
                    x25519: keys.sealing.publicKey.bytes, role: .owner, issuedAt: now,
                    expiresAt: Self.end(lifetime, now),
                    issuer: .wallet)))
        credential = nil
        servers = []
    }

    private static func end(_ lifetime: Int64?, _ now: Int64) -> Int64? { lifetime.map { now + margin + $0 } }

    /// What the ticket names; empty where there was none, or it names none.
    public let servers: [String]

    /// How long before its certificate such a device ends: its last messages must still count.
    public static let margin: Int64 = 10_000

    /// When it has to end, milliseconds; nil: never.
    public var endsAt: Int64? { chain.certificate.expiresAt.map { $0 - Self.margin } }

    public var mesh: MeshID { chain.certificate.mesh }
    public var role: Role { chain.certificate.role }
}
