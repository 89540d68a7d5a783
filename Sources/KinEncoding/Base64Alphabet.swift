/// The one coder behind `Base64` and `Base64URL`.
struct Base64Alphabet: Sendable {
    private static let padding = UInt8(ascii: "=")
    /// More than six bits, so that one comparison after the loop finds it.
    private static let invalid: UInt8 = 0xff

    private let characters: [UInt8]
    private let values: [UInt8]
    private let padded: Bool

    init(_ alphabet: String, padded: Bool) {
        var values = [UInt8](repeating: Self.invalid, count: 256)
        for (value, character) in alphabet.utf8.enumerated() {
            values[Int(character)] = UInt8(value)
        }
        self.characters = Array(alphabet.utf8)
        self.values = values
        self.padded = padded
    }

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
        var written = 0
        for start in stride(from: 0, to: bytes.count - 2, by: 3) {
            let bits = UInt32(bytes[start]) << 16 | UInt32(bytes[start + 1]) << 8 | UInt32(bytes[start + 2])
            for position in 0..<4 { output[written + position] = character(bits, at: position) }
            written += 4
        }
        let rest = bytes.suffix(bytes.count % 3)
        guard !rest.isEmpty else { return written }
        let bits = rest.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - rest.count))
        for position in 0...rest.count { output[written + position] = character(bits, at: position) }
        written += rest.count + 1
        while padded, !written.isMultiple(of: 4) {
            output[written] = Self.padding
            written += 1
        }
        return written
    }

    /// One of the four characters of 24 bits.
    private func character(_ bits: UInt32, at position: Int) -> UInt8 {
        characters[Int(bits >> UInt32(18 - 6 * position) & 0x3f)]
    }

    func decode(_ text: String) throws(EncodingError) -> [UInt8] {
        let text = Array(text.utf8)
        return try text.withUnsafeBufferPointer { (text) throws(EncodingError) in
            let digits = try self.digits(of: text)
            var bytes = [UInt8](repeating: 0, count: digits.count * 3 / 4)
            try bytes.withUnsafeMutableBufferPointer { (output) throws(EncodingError) in
                try decode(digits, into: output)
            }
            return bytes
        }
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
        var seen: UInt8 = 0
        var pending: UInt32 = 0
        var pendingBits: UInt32 = 0
        var written = 0
        for digit in digits {
            let value = values[Int(digit)]
            seen |= value
            pending = pending << 6 | UInt32(value)
            pendingBits += 6
            guard pendingBits >= 8 else { continue }
            pendingBits -= 8
            output[written] = UInt8(truncatingIfNeeded: pending >> pendingBits)
            written += 1
        }
        guard seen < 0x40 else {
            throw EncodingError(
                code: "base64_invalid", message: "the text holds a character that is not of this base64 alphabet")
        }
        guard pending & (1 << pendingBits - 1) == 0 else {
            throw EncodingError(
                code: "base64_trailing_bits", message: "the unused bits of the last base64 character must be zero")
        }
    }

    private static let wrongLength = EncodingError(
        code: "base64_length", message: "no number of bytes gives base64 text of this length")
}
