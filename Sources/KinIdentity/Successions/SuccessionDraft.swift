import KinEncoding
import KinWire

/// Prepares what both wallets have to sign so that this device hands its family over to a new wallet.
public struct SuccessionDraft: Sendable {
    /// The keys this device has in the new mesh.
    public let keys: DeviceKeys
    /// Without signatures, as everything here.
    public let succession: Succession
    /// Every device in the new mesh, this one first; the others for the keys they have.
    public let certificates: [Certificate]
    /// Lets this device certify others there.
    public let issuer: IssuerCertificate

    /// - Parameters:
    ///   - known: everybody this device knows; whoever is no member now is left behind.
    ///   - now: milliseconds.
    /// - Throws: `not_an_owner`, `same_wallet`.
    public init(from installation: Installation, known: [VerifiedMember], to successor: WalletAddress, now: Int64)
        throws
    {
        let own = installation.chain
        guard own.certificate.role == .owner else {
            throw KinError(
                "not_an_owner", "only an owner device changes the wallet: run this where the phrase was entered",
                category: .refused)
        }
        guard successor != installation.mesh.wallet else {
            throw KinError("same_wallet", "that is the wallet this family has already", category: .usage)
        }
        let heir = MeshID.home(of: successor)
        let keys = DeviceKeys.successors(of: installation.keys)
        self.keys = keys
        succession = Succession(mesh: installation.mesh, successor: successor, member: own.member, at: now)
        issuer = IssuerCertificate(
            mesh: heir, issuer: own.member, ed25519: keys.issuing.publicKey.bytes, maxRole: .member,
            scopes: [.issue, .revoke], notBefore: now)
        let verifier = ChainVerifier(mesh: installation.mesh, revocations: installation.revocations)
        let others = known.filter { member in
            member.member != own.member && (try? verifier.verify(member.chain, now: now)) != nil
        }
        certificates =
            [
                Self.certificate(
                    own, in: heir, keys.signing.publicKey.bytes, keys.sealing.publicKey.bytes, now: now)
            ]
            + others.map {
                Self.certificate($0.chain, in: heir, $0.chain.ed25519Keys[0], $0.chain.x25519Keys[0], now: now)
            }
    }

    private static func certificate(
        _ chain: Chain, in heir: MeshID, _ ed25519: [UInt8], _ x25519: [UInt8], now: Int64
    ) -> Certificate {
        let old = chain.certificate
        return Certificate(
            mesh: heir, member: old.member, machineID: old.machineID, ed25519: ed25519, x25519: x25519, role: old.role,
            scopes: old.scopes, issuedAt: now, expiresAt: old.expiresAt, issuer: .wallet)
    }
}

extension DeviceKeys {
    /// Fresh keys for the same device. The key of request fingerprints stays: it recognises requests that were made before.
    static func successors(of keys: DeviceKeys) -> DeviceKeys {
        let fresh = DeviceKeys.generate()
        return DeviceKeys(
            signing: fresh.signing, sealing: fresh.sealing, issuing: fresh.issuing,
            registrationSecret: fresh.registrationSecret, fingerprintKey: keys.fingerprintKey)
    }
}
