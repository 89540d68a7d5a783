/// Base 58 with the Bitcoin alphabet, as wallet addresses are written. No checksum.
public enum Base58 {
    private static let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

    private static let values: [UInt8?] = {
        var values = [UInt8?](repeating: nil, count: 256)
        for (value, character) in alphabet.enumerated() {
            values[Int(character)] = UInt8(value)
        }
        return values
    }()

    /// The text of `bytes`; each leading zero byte becomes a leading `1`.
    ///
    /// The time grows with the square of the length: this is for keys and addresses, not for messages.
    public static func encode(_ bytes: [UInt8]) -> String {
        let zeros = bytes.prefix { $0 == 0 }.count
        var digits: [UInt8] = []  // base 58, least significant first
        digits.reserveCapacity((bytes.count - zeros) * 138 / 100 + 1)
        for byte in bytes.dropFirst(zeros) {
            var carry = Int(byte)
            for index in digits.indices {
                carry += Int(digits[index]) << 8
                digits[index] = UInt8(carry % 58)
                carry /= 58
            }
            while carry > 0 {
                digits.append(UInt8(carry % 58))
                carry /= 58
            }
        }
        let ones = repeatElement(alphabet[0], count: zeros)
        return String(decoding: ones + digits.reversed().map { alphabet[Int($0)] }, as: UTF8.self)
    }

    /// The bytes of `text`.
    ///
    /// - Parameter maxCharacters: longer text is refused unread, because decoding takes the square of the length.
    /// - Throws: `base58_too_long` or `base58_invalid`.
    public static func decode(_ text: String, maxCharacters: Int = 128) throws(EncodingError) -> [UInt8] {
        let characters = text.utf8
        guard characters.count <= maxCharacters else {
            throw EncodingError(
                code: "base58_too_long", message: "base58 text may have at most \(maxCharacters) characters here")
        }
        let zeros = characters.prefix { $0 == alphabet[0] }.count
        var bytes: [UInt8] = []  // base 256, least significant first
        bytes.reserveCapacity((characters.count - zeros) * 3 / 4 + 1)
        for character in characters.dropFirst(zeros) {
            guard let value = values[Int(character)] else {
                throw EncodingError(
                    code: "base58_invalid", message: "the text holds a character that is not of the base58 alphabet")
            }
            var carry = Int(value)
            for index in bytes.indices {
                carry += Int(bytes[index]) * 58
                bytes[index] = UInt8(truncatingIfNeeded: carry)
                carry >>= 8
            }
            while carry > 0 {
                bytes.append(UInt8(truncatingIfNeeded: carry))
                carry >>= 8
            }
        }
        return repeatElement(0, count: zeros) + bytes.reversed()
    }
}
