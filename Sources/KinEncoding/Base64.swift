/// Base 64 with padding (RFC 4648, section 4).
public enum Base64 {
    private static let alphabet = Base64Alphabet(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", padded: true)

    /// The text of `bytes`, padded to a multiple of four characters.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        alphabet.encode(bytes)
    }

    /// Appends the text of `bytes` to UTF-8 that is being written.
    public static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: encodedCount(bytes.count)))
        output.withUnsafeMutableBufferPointer { output in
            let text = UnsafeMutableBufferPointer(rebasing: output[start...])
            _ = bytes.withUnsafeBufferPointer { alphabet.encode($0, into: text) }
        }
    }

    /// The bytes of `text`: padding is required, and the unused bits of the last character must be zero.
    ///
    /// - Throws: `base64_length`, `base64_invalid` or `base64_trailing_bits`.
    public static func decode(_ text: String) throws(EncodingError) -> [UInt8] {
        try alphabet.decode(text)
    }

    /// How many characters `count` bytes become.
    public static func encodedCount(_ count: Int) -> Int { alphabet.encodedCount(count) }

    /// Writes the text of a secret where the caller keeps secrets: `output` has room for `encodedCount` characters.
    public static func encode(_ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) {
        precondition(output.count >= encodedCount(bytes.count), "the buffer is too small for the text")
        _ = alphabet.encode(bytes.bindMemory(to: UInt8.self), into: output.bindMemory(to: UInt8.self))
    }

    /// How many bytes `text` stands for.
    ///
    /// - Throws: `base64_length`.
    public static func decodedCount(_ text: UnsafeRawBufferPointer) throws(EncodingError) -> Int {
        try alphabet.digits(of: text.bindMemory(to: UInt8.self)).count * 3 / 4
    }

    /// Writes a secret's bytes where the caller keeps secrets: `output` has room for `decodedCount` bytes.
    ///
    /// - Throws: `base64_length`, `base64_invalid` or `base64_trailing_bits`.
    public static func decode(
        _ text: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(EncodingError) {
        let digits = try alphabet.digits(of: text.bindMemory(to: UInt8.self))
        precondition(output.count >= digits.count * 3 / 4, "the buffer is too small for the bytes")
        try alphabet.decode(digits, into: output.bindMemory(to: UInt8.self))
    }
}
