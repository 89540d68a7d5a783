import KinCrypto
import KinEncoding
import KinWire

/// Decides whether a chain makes its bearer a member of a mesh (docs/protocol/statements.md, "Chain").
public struct ChainVerifier: Sendable {
    public let mesh: MeshID
    private let revocations: RevocationLedger?

    /// - Parameter revocations: who was revoked, as it is known at each verification.
    public init(mesh: MeshID, revocations: RevocationLedger? = nil) {
        self.mesh = mesh
        self.revocations = revocations
    }

    /// - Parameter now: milliseconds.
    public func verify(_ chain: Chain, now: Int64) throws(ChainFault) -> VerifiedMember {
        try checkMesh(of: chain)
        try checkIssuer(of: chain)
        try checkTimes(of: chain, now: now)
        let wallet = try key(mesh.wallet.bytes)
        let first = try checkSignatures(of: chain, wallet: wallet)
        // Last, so that only what is otherwise valid is called revoked.
        try revocations?.verdicts.check(chain)
        return try followRotations(of: chain, from: first)
    }

    private func checkMesh(of chain: Chain) throws(ChainFault) {
        let named = [chain.certificate.mesh] + chain.rotations.map(\.mesh) + (chain.issuer.map { [$0.mesh] } ?? [])
        guard named.allSatisfy({ $0 == mesh }) else { throw .wrongMesh }
    }

    /// Rules 1 and 4.
    private func checkIssuer(of chain: Chain) throws(ChainFault) {
        let certificate = chain.certificate
        switch (certificate.issuer, chain.issuer) {
        case (.wallet, nil): return
        case (.member(let member), let issuer?) where issuer.issuer == member:
            guard certificate.role <= issuer.maxRole else { throw .roleRaised }
            guard Set(certificate.scopes).isDisjoint(with: [.issue, .revoke, .bunkerAdmin]) else { throw .scopeRaised }
            guard issuer.scopes.contains(.issue), certificate.issuedAt >= issuer.notBefore,
                certificate.issuedAt < issuer.expiresAt ?? .max
            else { throw .notEntitled }
        default: throw .issuerMismatch
        }
    }

    /// Rule 5.
    private func checkTimes(of chain: Chain, now: Int64) throws(ChainFault) {
        let certificate = chain.certificate
        let dates = [certificate.issuedAt, chain.issuer?.notBefore ?? 0] + chain.rotations.map(\.at)
        guard dates.allSatisfy({ $0 <= now + StatementLimits.maxAhead }) else { throw .datedAhead }
        guard now < certificate.expiresAt ?? .max else { throw .expired }
    }

    /// Rule 2. Returns the certificate's own key.
    private func checkSignatures(of chain: Chain, wallet: Ed25519.PublicKey) throws(ChainFault) -> Ed25519.PublicKey {
        var signer = wallet
        if let issuer = chain.issuer {
            guard issuer.isSigned(by: wallet) else { throw .badSignature }
            signer = try key(issuer.ed25519)
        }
        guard chain.certificate.isSigned(by: signer) else { throw .badSignature }
        return try key(chain.certificate.ed25519)
    }

    /// Rule 6.
    private func followRotations(
        of chain: Chain, from first: Ed25519.PublicKey
    ) throws(ChainFault) -> VerifiedMember {
        var signing = [first]
        var sealing = [try sealingKey(chain.certificate.x25519)]
        for (index, rotation) in chain.rotations.enumerated() {
            guard rotation.member == chain.member, rotation.seq == Int64(index) + 1,
                rotation.oldEd25519 == signing[0].bytes
            else { throw .rotationBroken }
            let next = try key(rotation.newEd25519)
            let bytes = rotation.unsignedBytes()
            guard signing[0].isValid(signature: rotation.oldSignature, over: bytes, domain: Rotation.domain),
                next.isValid(signature: rotation.newSignature, over: bytes, domain: Rotation.domain)
            else { throw .badSignature }
            signing.insert(next, at: 0)
            sealing.insert(try sealingKey(rotation.newX25519), at: 0)
        }
        return VerifiedMember(chain: chain, ed25519: signing, x25519: sealing)
    }

    private func key(_ bytes: [UInt8]) throws(ChainFault) -> Ed25519.PublicKey {
        guard let key = try? Ed25519.PublicKey(bytes) else { throw .badKey }
        return key
    }

    private func sealingKey(_ bytes: [UInt8]) throws(ChainFault) -> X25519.PublicKey {
        guard let key = try? X25519.PublicKey(bytes) else { throw .badKey }
        return key
    }
}
