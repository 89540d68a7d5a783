/// Why bytes from outside are not the message they claim to be.
///
/// `code` is stable; `message` names the field and what is expected, never the value found, which may be secret.
public struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `invalid_message` or `unknown_message_type`.
    public let code: String
    /// What was expected, and where.
    public let message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    package static func invalid(_ message: String) -> WireError {
        WireError(code: "invalid_message", message: message)
    }

    public var description: String { "\(code): \(message)" }
}
