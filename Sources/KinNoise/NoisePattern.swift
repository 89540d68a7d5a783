/// A row of the table of handshakes (Noise rev 34, sections 7 and 9): exactly those that links and pairing use.
struct NoisePattern: Sendable {
    /// What one field of a message does.
    enum Token: Sendable {
        /// An ephemeral key, in the clear.
        case e
        /// A static key, encrypted as soon as there is a key.
        case s
        /// Agreements: the first letter is the initiator's key, the second the responder's.
        case ee, es, se, ss
        case psk
    }

    /// The protocol's full name, from which the hash begins.
    let name: String
    /// Whether the initiator knows the responder's static key beforehand.
    let knowsResponder: Bool
    /// Initiator's and responder's messages in turn.
    let messages: [[Token]]

    /// The responder's key is known, the initiator's is sent with the first message.
    static let ik = NoisePattern(
        name: "Noise_IK_25519_ChaChaPoly_SHA256", knowsResponder: true,
        messages: [[.e, .es, .s, .ss], [.e, .ee, .se]])

    /// Nobody has a static key; both know one secret.
    static let nnpsk0 = NoisePattern(
        name: "Noise_NNpsk0_25519_ChaChaPoly_SHA256", knowsResponder: false,
        messages: [[.psk, .e], [.e, .ee]])

    /// Whether ephemeral keys are mixed into the key (section 9.2).
    var usesPSK: Bool { messages.joined().contains(.psk) }

    /// The bytes of message number `index` beyond its payload.
    func overhead(of index: Int) -> Int {
        var isKeyed = messages[..<index].contains { !$0.isEmpty }
        var count = 0
        for token in messages[index] {
            switch token {
            case .e: count += NoiseLimits.keyCount
            case .s: count += NoiseLimits.keyCount + (isKeyed ? NoiseLimits.tagCount : 0)
            case .ee, .es, .se, .ss, .psk: isKeyed = true
            }
        }
        return count + (isKeyed ? NoiseLimits.tagCount : 0)
    }
}

/// Lengths in bytes.
public enum NoiseLimits {
    /// Of any message, handshake or transport (section 3).
    public static let maxMessage = 65_535
    /// Of the payload of a transport message.
    public static let maxPayload = maxMessage - tagCount
    /// Of the tag of a ciphertext.
    public static let tagCount = 16
    /// Of a public key.
    public static let keyCount = 32
    /// Of a pre-shared key.
    public static let pskCount = 32
}
