/// The one coder behind `Base64` and `Base64URL`: by tables, several characters at a time.
struct Base64Alphabet: Sendable {
    private static let padding = UInt8(ascii: "=")
    /// More than 24 bits, so that one comparison after the loop finds it.
    private static let invalid: UInt32 = 1 << 24

    /// The two characters of each 12 bits, the first in the lower byte.
    private let pairs: [UInt16]
    /// What a character adds to the 24 bits of its group: 256 values for the first place, then those for the second, third and fourth.
    private let values: [UInt32]
    private let padded: Bool

    init(_ alphabet: String, padded: Bool) {
        let characters = Array(alphabet.utf8)
        pairs = (0..<4096).map { UInt16(characters[$0 >> 6]) | UInt16(characters[$0 & 0x3f]) << 8 }
        var values = [UInt32](repeating: Self.invalid, count: 4 * 256)
        for (value, character) in characters.enumerated() {
            for place in 0..<4 { values[256 * place + Int(character)] = UInt32(value) << UInt32(18 - 6 * place) }
        }
        self.values = values
        self.padded = padded
    }

    // MARK: Encoding

    func encode(_ bytes: some Sequence<UInt8>) -> String {
        bytes.withContiguousStorageIfAvailable(encodeContiguous)
            ?? Array(bytes).withUnsafeBufferPointer(encodeContiguous)
    }

    private func encodeContiguous(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        String(unsafeUninitializedCapacity: encodedCount(bytes.count)) { encode(bytes, into: $0) }
    }

    /// How many characters `count` bytes become.
    func encodedCount(_ count: Int) -> Int {
        padded ? (count + 2) / 3 * 4 : (count * 4 + 2) / 3
    }

    /// Writes the text into `output`, which has room for `encodedCount`, and gives its length.
    func encode(_ bytes: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var (read, written) = encodeWords(UnsafeRawBufferPointer(bytes), into: UnsafeMutableRawBufferPointer(output))
        while read < bytes.count {
            let count = min(3, bytes.count - read)
            let bits = bytes[read..<read + count].reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - count))
            let text = UInt32(pairs[Int(bits >> 12)]) | UInt32(pairs[Int(bits & 0xfff)]) << 16
            for position in 0...count {
                output[written + position] = UInt8(truncatingIfNeeded: text >> UInt32(8 * position))
            }
            (read, written) = (read + count, written + count + 1)
        }
        while padded, !written.isMultiple(of: 4) {
            output[written] = Self.padding
            written += 1
        }
        return written
    }

    /// Six bytes at a time, as long as eight can be looked at.
    private func encodeWords(
        _ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> (read: Int, written: Int) {
        var (read, written) = (0, 0)
        pairs.withUnsafeBufferPointer { pairs in
            while bytes.count - read >= 8 {
                let bits = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: read, as: UInt64.self))
                let text =
                    UInt64(pairs[Int(bits >> 52)]) | UInt64(pairs[Int(bits >> 40 & 0xfff)]) << 16
                    | UInt64(pairs[Int(bits >> 28 & 0xfff)]) << 32 | UInt64(pairs[Int(bits >> 16 & 0xfff)]) << 48
                output.storeBytes(of: text.littleEndian, toByteOffset: written, as: UInt64.self)
                (read, written) = (read + 6, written + 8)
            }
        }
        return (read, written)
    }

    // MARK: Decoding

    func decode(_ text: String) throws(EncodingError) -> [UInt8] {
        var text = text
        let bytes = text.withUTF8 { text in Result { () throws(EncodingError) in try decode(text) } }
        return try bytes.get()
    }

    private func decode(_ text: UnsafeBufferPointer<UInt8>) throws(EncodingError) -> [UInt8] {
        let digits = try digits(of: text)
        var bytes = [UInt8](repeating: 0, count: digits.count * 3 / 4)
        try bytes.withUnsafeMutableBufferPointer { (output) throws(EncodingError) in
            try decode(digits, into: output)
        }
        return bytes
    }

    /// The characters without their padding; three quarters of their number are the bytes they stand for.
    func digits(of text: UnsafeBufferPointer<UInt8>) throws(EncodingError) -> UnsafeBufferPointer<UInt8> {
        var count = text.count
        if padded {
            guard count.isMultiple(of: 4) else { throw Self.wrongLength }
            for _ in 0..<2 where count > 0 && text[count - 1] == Self.padding { count -= 1 }
        }
        guard count % 4 != 1 else { throw Self.wrongLength }
        return UnsafeBufferPointer(rebasing: text[..<count])
    }

    /// Writes the bytes into `output`, which has room for three quarters of the digits.
    func decode(
        _ digits: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
    ) throws(EncodingError) {
        let (whole, rest) = (digits.count / 4, digits.count % 4)
        var seen = decodeGroups(digits, whole, into: output)
        var spare: UInt32 = 0
        if rest > 0 {
            let bits = (0..<rest).reduce(0) { $0 | values[256 * $1 + Int(digits[4 * whole + $1])] }
            for position in 0..<rest - 1 {
                output[3 * whole + position] = UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * position))
            }
            seen |= bits
            spare = bits & (1 << UInt32(32 - 8 * rest) - 1)
        }
        guard seen < Self.invalid else {
            throw EncodingError(
                code: "base64_invalid", message: "the text holds a character that is not of this base64 alphabet")
        }
        guard spare == 0 else {
            throw EncodingError(
                code: "base64_trailing_bits", message: "the unused bits of the last base64 character must be zero")
        }
    }

    /// Three bytes of four characters each.
    /// - Returns: `invalid` or more where a character is none of the alphabet.
    private func decodeGroups(
        _ digits: UnsafeBufferPointer<UInt8>, _ count: Int, into output: UnsafeMutableBufferPointer<UInt8>
    ) -> UInt32 {
        values.withUnsafeBufferPointer { values in
            var seen: UInt32 = 0
            for group in 0..<count {
                let bits =
                    values[Int(digits[4 * group])] | values[256 + Int(digits[4 * group + 1])]
                    | values[512 + Int(digits[4 * group + 2])] | values[768 + Int(digits[4 * group + 3])]
                seen |= bits
                output[3 * group] = UInt8(truncatingIfNeeded: bits >> 16)
                output[3 * group + 1] = UInt8(truncatingIfNeeded: bits >> 8)
                output[3 * group + 2] = UInt8(truncatingIfNeeded: bits)
            }
            return seen
        }
    }

    private static let wrongLength = EncodingError(
        code: "base64_length", message: "no number of bytes gives base64 text of this length")
}
