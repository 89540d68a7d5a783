/// Why settings of a mesh are not believed (docs/protocol/statements.md, "Settings").
public enum SettingsFault: String, Error, Hashable, Sendable, CustomStringConvertible {
    /// They are of another mesh than asked for.
    case wrongMesh = "wrong_mesh"
    /// The chain is not the signer's, or makes it no member, or another one is known.
    case ownerInvalid = "owner_invalid"
    /// The signer is no owner.
    case notAnOwner = "not_an_owner"
    /// Dated more than 5 minutes ahead, or before the signer was certified.
    case wrongTime = "wrong_time"
    /// The signer's key in force did not sign exactly this.
    case badSignature = "bad_signature"

    public var description: String { rawValue }
}
