/// Why key material or sealed bytes were refused.
///
/// `code` is stable and meant for programs; `message` is a sentence for people that never repeats a key or the bytes.
public struct CryptoError: Error, Sendable, Equatable {
    public let code: String
    public let message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

extension CryptoError: CustomStringConvertible {
    public var description: String { "\(code): \(message)" }
}
