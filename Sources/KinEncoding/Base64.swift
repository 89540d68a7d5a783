/// Base 64 with padding (RFC 4648, section 4).
public enum Base64 {
    private static let alphabet = Base64Alphabet(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", padded: true)

    /// The text of `bytes`, padded to a multiple of four characters.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        alphabet.encode(bytes)
    }

    /// The bytes of `text`: padding is required, and the unused bits of the last character must be zero.
    ///
    /// - Throws: `base64_length`, `base64_invalid` or `base64_trailing_bits`.
    public static func decode(_ text: String) throws(EncodingError) -> [UInt8] {
        try alphabet.decode(text)
    }
}
