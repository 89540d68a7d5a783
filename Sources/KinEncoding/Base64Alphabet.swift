/// The one coder behind `Base64` and `Base64URL`.
struct Base64Alphabet: Sendable {
    private static let padding = UInt8(ascii: "=")
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
        String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { output in
            var written = 0
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let group = bytes[start..<min(start + 3, bytes.count)]
                var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                bits <<= UInt32(8 * (3 - group.count))
                for position in 0..<4 where position <= group.count {
                    output[written] = characters[Int(bits >> UInt32(18 - 6 * position) & 0x3f)]
                    written += 1
                }
                if padded {
                    for _ in group.count..<3 {
                        output[written] = Self.padding
                        written += 1
                    }
                }
            }
            return written
        }
    }

    func decode(_ text: String) throws(EncodingError) -> [UInt8] {
        var digits = text.utf8[...]
        if padded {
            guard digits.count.isMultiple(of: 4) else { throw Self.wrongLength }
            for _ in 0..<2 where digits.last == Self.padding { digits.removeLast() }
        }
        guard digits.count % 4 != 1 else { throw Self.wrongLength }

        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count * 3 / 4)
        var pending: UInt32 = 0
        var pendingBits: UInt32 = 0
        for digit in digits {
            let value = values[Int(digit)]
            guard value != Self.invalid else {
                throw EncodingError(
                    code: "base64_invalid", message: "the text holds a character that is not of this base64 alphabet")
            }
            pending = pending << 6 | UInt32(value)
            pendingBits += 6
            if pendingBits >= 8 {
                pendingBits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> pendingBits))
            }
        }
        guard pending & (1 << pendingBits - 1) == 0 else {
            throw EncodingError(
                code: "base64_trailing_bits", message: "the unused bits of the last base64 character must be zero")
        }
        return bytes
    }

    private static let wrongLength = EncodingError(
        code: "base64_length", message: "no number of bytes gives base64 text of this length")
}
