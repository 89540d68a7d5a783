/// Why bytes or text could not be decoded.
///
/// `code` is stable and meant for programs; `message` is a sentence for people. Neither ever repeats the input, so
/// that an error about a secret can be logged.
public struct EncodingError: Error, Sendable, Equatable {
    public let code: String
    public let message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

extension EncodingError: CustomStringConvertible {
    public var description: String { "\(code): \(message)" }
}
