/// Why a chain is not valid. The rule numbers are those of docs/protocol/statements.md, "Chain".
public enum ChainFault: String, Error, Hashable, Sendable, CustomStringConvertible {
    /// 1: an issuer certificate is missing, superfluous or another member's.
    case issuerMismatch = "issuer_mismatch"
    /// 2, 6: a signature is not by the key it must be by.
    case badSignature = "bad_signature"
    /// A public key is not canonical, or not of the prime-order group.
    case badKey = "bad_key"
    /// 3: a statement names another mesh.
    case wrongMesh = "wrong_mesh"
    /// 4: a role above the issuer's.
    case roleRaised = "role_raised"
    /// 4: a power that only the wallet gives.
    case scopeRaised = "scope_raised"
    /// 4: issued outside the issuer's validity, or by one without `issue`.
    case notEntitled = "issuer_not_entitled"
    /// 5: dated more than 5 minutes ahead.
    case datedAhead = "dated_ahead"
    /// 5: expired.
    case expired = "expired"
    /// 6: rotations do not follow one another.
    case rotationBroken = "rotation_broken"
    /// 7: the member was revoked.
    case revoked = "member_revoked"
    /// 7: the issuer was revoked, and this certificate of its is not among those that survive.
    case issuerRevoked = "issuer_revoked"

    public var description: String { rawValue }
}
