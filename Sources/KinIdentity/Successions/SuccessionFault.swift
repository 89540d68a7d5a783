/// Why a succession is not believed (docs/protocol/statements.md, "Succession").
public enum SuccessionFault: String, Error, Hashable, Sendable, CustomStringConvertible {
    /// It is of another mesh than asked for.
    case wrongMesh = "wrong_mesh"
    /// A signature is not by the key it must be by.
    case badSignature = "bad_signature"
    /// The chain is not the speaker's, or makes it no member.
    case speakerInvalid = "speaker_invalid"
    /// The speaker is no owner.
    case speakerNoOwner = "speaker_no_owner"
    /// Dated more than 5 minutes ahead, or before the speaker was certified.
    case wrongTime = "wrong_time"

    public var description: String { rawValue }
}
