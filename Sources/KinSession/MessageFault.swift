/// Why a pushed message is not taken in. Each has its counter; none stops the session.
public enum MessageFault: String, Error, Hashable, Sendable, CaseIterable {
    /// No key of ours opens it.
    case doesNotOpen = "does_not_open"
    /// A post, and its topic's key of that epoch has not come.
    case keyMissing = "key_missing"
    /// What is inside is no message.
    case malformed = "malformed"
    /// Its inside disagrees with its header, or it is meant for another.
    case misaddressed = "misaddressed"
    /// No key of the sender's chain signed it.
    case badSignature = "bad_signature"
    /// Older than 45 days, or dated ahead.
    case wrongTime = "wrong_time"
    /// Past its `expires_at`.
    case expired = "expired"
    /// The sender is unknown here, or its chain is not valid.
    case unknownSender = "unknown_sender"
}
