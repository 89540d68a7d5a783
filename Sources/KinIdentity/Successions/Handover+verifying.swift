import KinCrypto
import KinWire

extension Succession {
    /// The same statement with the signature of the device that speaks.
    public func signed(by member: Ed25519.PrivateKey) -> Succession {
        var signed = self
        signed.memberSignature = member.sign(unsignedBytes(), domain: Self.domain)
        return signed
    }

    /// The same statement with the words of both wallets.
    public func signed(old: any WalletSigner, new: any WalletSigner) async throws -> Succession {
        var signed = self
        signed.oldSignature = try await old.signature(over: unsignedBytes(), domain: Self.domain)
        signed.newSignature = try await new.signature(over: unsignedBytes(), domain: Self.domain)
        return signed
    }
}

extension Handover {
    /// Whether both wallets and an owner device of `mesh` say it.
    /// - Parameters:
    ///   - revocations: of `mesh`.
    ///   - now: milliseconds.
    /// - Returns: the device that speaks.
    @discardableResult
    public func verify(
        in mesh: MeshID, revocations: RevocationLedger? = nil, now: Int64
    ) throws(SuccessionFault) -> VerifiedMember {
        guard succession.mesh == mesh, mesh == .home(of: mesh.wallet), succession.successor != mesh.wallet else {
            throw .wrongMesh
        }
        guard owner.member == succession.member,
            let speaker = try? ChainVerifier(mesh: mesh, revocations: revocations).verify(owner, now: now)
        else { throw .speakerInvalid }
        guard speaker.role == .owner else { throw .speakerNoOwner }
        guard succession.at <= now + StatementLimits.maxAhead, succession.at >= owner.certificate.issuedAt else {
            throw .wrongTime
        }
        let bytes = succession.unsignedBytes()
        guard let old = try? Ed25519.PublicKey(mesh.wallet.bytes),
            let new = try? Ed25519.PublicKey(succession.successor.bytes),
            old.isValid(signature: succession.oldSignature, over: bytes, domain: Succession.domain),
            new.isValid(signature: succession.newSignature, over: bytes, domain: Succession.domain),
            speaker.currentKeySigned(bytes, signature: succession.memberSignature, domain: Succession.domain)
        else { throw .badSignature }
        return speaker
    }
}
