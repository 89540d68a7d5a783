/// Base 64 in the alphabet for URLs, without padding (RFC 4648, section 5).
public enum Base64URL {
    private static let alphabet = Base64Alphabet(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", padded: false)

    /// The text of `bytes`, without padding.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        alphabet.encode(bytes)
    }

    /// The bytes of `text`: padding is refused, and the unused bits of the last character must be zero.
    ///
    /// - Throws: `base64_length`, `base64_invalid` or `base64_trailing_bits`.
    public static func decode(_ text: String) throws(EncodingError) -> [UInt8] {
        try alphabet.decode(text)
    }
}
