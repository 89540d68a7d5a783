/// Base 16, lower-case.
public enum Hex {
    /// Two lower-case digits for each byte.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        bytes.withContiguousStorageIfAvailable(encodeContiguous)
            ?? Array(bytes).withUnsafeBufferPointer(encodeContiguous)
    }

    /// The bytes of lower-case hex.
    ///
    /// Upper-case digits are refused: one value has one spelling here, so that hex can be compared as text.
    ///
    /// - Throws: `hex_odd_length` or `hex_invalid`.
    public static func decode(_ text: String) throws(EncodingError) -> [UInt8] {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else {
            throw EncodingError(code: "hex_odd_length", message: "hex needs an even number of digits")
        }
        var seen: UInt8 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: digits.count / 2) { output, written in
            for index in 0..<digits.count / 2 {
                let (high, low) = (value(of: digits[index * 2]), value(of: digits[index * 2 + 1]))
                seen |= high | low
                output[index] = high << 4 | low
            }
            written = digits.count / 2
        }
        guard seen < 0x10 else {
            throw EncodingError(code: "hex_invalid", message: "hex may hold only the digits 0-9 and a-f")
        }
        return bytes
    }

    private static func encodeContiguous(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { output in
            for (index, byte) in bytes.enumerated() {
                output[index * 2] = digit(byte >> 4)
                output[index * 2 + 1] = digit(byte & 0x0f)
            }
            return bytes.count * 2
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    /// 0 to 15, or more for what is no digit.
    private static func value(of digit: UInt8) -> UInt8 {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: 0xff
        }
    }
}
