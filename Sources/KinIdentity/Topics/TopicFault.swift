/// Why the list of a private topic is not believed (docs/protocol/statements.md, "Topic list").
public enum TopicFault: String, Error, Hashable, Sendable, CustomStringConvertible {
    /// It is of another mesh than asked for.
    case wrongMesh = "wrong_mesh"
    /// The chain is not the signer's, or makes it no member.
    case signerInvalid = "signer_invalid"
    /// The signer neither made the topic nor is an owner.
    case notEntitled = "not_entitled"
    /// Dated more than 5 minutes ahead, or before the signer was certified.
    case wrongTime = "wrong_time"
    /// The signer's key in force did not sign exactly this.
    case badSignature = "bad_signature"

    public var description: String { rawValue }
}
