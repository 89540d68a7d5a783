/// Why bytes are not the JSON that was asked for.
///
/// | code | meaning |
/// | --- | --- |
/// | `json_unexpected_end` | the bytes end inside a value |
/// | `json_unexpected_byte` | a byte that the grammar does not allow there |
/// | `json_trailing_bytes` | something follows the value |
/// | `json_too_deep` | more nested arrays and objects than allowed |
/// | `json_duplicate_key` | an object names a member twice |
/// | `json_invalid_utf8` | a string is not UTF-8 |
/// | `json_invalid_escape` | an unknown escape, or half of a surrogate pair |
/// | `json_number_range` | a number too large for a double |
/// | `json_not_canonical` | valid JSON, but not in the form of RFC 8785 |
public struct JSONError: Error, Sendable, Equatable {
    public let code: String
    /// How many bytes into the input the trouble was found.
    public let offset: Int
    /// A sentence for people that never repeats the input.
    public let message: String

    public init(code: String, offset: Int, message: String) {
        self.code = code
        self.offset = offset
        self.message = message
    }
}

extension JSONError: CustomStringConvertible {
    public var description: String { "\(code) at byte \(offset): \(message)" }
}
