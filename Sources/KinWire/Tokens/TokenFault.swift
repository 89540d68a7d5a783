/// Why a token is not taken. The raw value is the code that programs see.
public enum TokenFault: String, Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// Not the bytes of a token.
    case malformed = "token_malformed"
    /// The bare form, where it is not accepted.
    case bareRefused = "token_bare_refused"
    /// Dated more than 300 s ago.
    case expired = "token_expired"
    /// Dated more than 300 s ahead.
    case future = "token_future"
    /// Dated before this process started, which cannot know whether it was used then.
    case beforeStart = "token_before_start"
    /// No key of that id is known.
    case keyUnknown = "token_key_unknown"
    /// The signature is not by that key over these facts and one of this side's audiences.
    case invalid = "token_invalid"
    /// It was used before.
    case replayed = "token_replayed"
    /// More tokens of this key, or of all keys, than can be remembered were used within minutes.
    case limit = "token_limit"

    /// What to do, for people. Never says anything of the token itself.
    public var message: String {
        switch self {
        case .malformed: "this is no token: make one as docs/protocol/tokens.md says"
        case .bareRefused: "tokens without an audience are not taken here: make a kin1. token"
        case .expired: "the token is older than 5 minutes: make a new one, and set the clocks right"
        case .future: "the token is dated more than 5 minutes ahead: set the clocks right"
        case .beforeStart: "the token was made before this process started: make a new one"
        case .keyUnknown:
            "no key is known by the token's id: its device must have connected before, or its key be authorized"
        case .invalid: "the token's signature does not fit: it is for another server, or damaged"
        case .replayed: "the token was used before: make a new one for each request"
        case .limit: "too many tokens were used within minutes: wait"
        }
    }

    public var description: String { "\(message) (\(rawValue))" }

    /// Whether the same request with a new token can succeed without anything being mended.
    public var isRetryable: Bool {
        switch self {
        case .expired, .beforeStart, .replayed, .limit: true
        case .malformed, .bareRefused, .future, .keyUnknown, .invalid: false
        }
    }
}

extension KinError {
    /// A token's refusal as an error: category `busy` for `token_limit`, else `refused`.
    public init(_ fault: TokenFault) {
        self.init(
            fault.rawValue, fault.message, category: fault == .limit ? .busy : .refused, retryable: fault.isRetryable)
    }
}
