import KinEncoding

/// What went wrong, for people and programs: a stable code, a message that says what to do next, and what kind of end it is.
///
/// Never holds a secret: messages are printed and logged.
public struct KinError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of end it is; exit codes and HTTP statuses follow from it.
    public enum Category: Hashable, Sendable {
        case failed, usage, unreachable, refused, notFound, conflict
        /// Sound, but too large.
        case tooLarge
        /// No room; may succeed later.
        case exhausted
        /// Too many at once; may succeed soon.
        case busy
    }

    public var code: String
    public var message: String
    public var category: Category
    /// Whether the same request can succeed later.
    public var retryable: Bool
    /// For programs: members of the answer beyond the message.
    public var detail: [String: JSON]

    public init(
        _ code: String, _ message: String, category: Category = .failed, retryable: Bool = false,
        detail: [String: JSON] = [:]
    ) {
        self.code = code
        self.message = message
        self.category = category
        self.retryable = retryable
        self.detail = detail
    }

    public var description: String { "\(message) (\(code))" }
}
