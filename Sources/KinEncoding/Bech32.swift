/// Bech32 (BIP-173): bytes after a prefix that says what they are, with a checksum that finds up to four wrong
/// characters. Nostr's keys are written so (NIP-19).
public enum Bech32 {
    private static let characters = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    private static let checksumCount = 6
    private static let separator = UInt8(ascii: "1")

    private static let values: [UInt8?] = {
        var values = [UInt8?](repeating: nil, count: 256)
        for (value, character) in characters.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    /// The text of `bytes` under `prefix`, in lower case.
    ///
    /// - Parameter prefix: the program's own: 1 to 83 of the characters `!` to `~`, none in upper case.
    public static func encode(prefix: String, _ bytes: some Collection<UInt8>) -> String {
        let count = encodedCount(prefix: prefix, bytes.count)
        return String(unsafeUninitializedCapacity: count) { output in
            write(prefix: prefix, bytes, into: output)
            return count
        }
    }

    /// How many characters `count` bytes become.
    public static func encodedCount(prefix: String, _ count: Int) -> Int {
        prefix.utf8.count + 1 + (count * 8 + 4) / 5 + checksumCount
    }

    /// Writes the text of a secret where the caller keeps secrets: `output` has room for `encodedCount` characters.
    public static func encode(
        prefix: String, _ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) {
        write(prefix: prefix, bytes, into: output.bindMemory(to: UInt8.self))
    }

    private static func write(
        prefix: String, _ bytes: some Collection<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
    ) {
        precondition(
            output.count >= encodedCount(prefix: prefix, bytes.count) && isPrefix(prefix.utf8),
            "the prefix is not bech32's, or the buffer is too small")
        var checksum = Checksum(prefix: prefix.utf8)
        var end = 0
        func append(_ character: UInt8) {
            output[end] = character
            end += 1
        }
        prefix.utf8.forEach(append)
        append(separator)
        var (pending, bits): (UInt32, UInt32) = (0, 0)
        func take(_ value: UInt8) {
            checksum.add(value)
            append(characters[Int(value)])
        }
        for byte in bytes {
            (pending, bits) = (pending << 8 & 0xfff | UInt32(byte), bits + 8)
            while bits >= 5 {
                bits -= 5
                take(UInt8(truncatingIfNeeded: pending >> bits & 31))
            }
        }
        if bits > 0 { take(UInt8(truncatingIfNeeded: pending << (5 - bits) & 31)) }
        checksum.values.forEach { append(characters[Int($0)]) }
    }

    /// The bytes of `text`, which must have this prefix.
    ///
    /// - Parameter maxCharacters: BIP-173 promises its checksum's strength for 90; NIP-19 has longer texts.
    /// - Throws: `bech32_too_long`, `bech32_invalid` (a character, mixed case, no separator, bits left over),
    ///   `bech32_checksum`, or `bech32_prefix` where it is sound but something else.
    public static func decode(
        _ text: String, prefix: String, maxCharacters: Int = 90
    ) throws(EncodingError) -> [UInt8] {
        let (found, values) = try split(Array(text.utf8), maxCharacters: maxCharacters)
        guard found.elementsEqual(prefix.utf8) else {
            throw EncodingError(code: "bech32_prefix", message: "the text does not begin with \(prefix)1")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.count * 5 / 8)
        var (pending, bits): (UInt32, UInt32) = (0, 0)
        for value in values {
            (pending, bits) = (pending << 5 & 0xfff | UInt32(value), bits + 5)
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
        }
        guard bits < 5, pending & (1 << bits - 1) == 0 else {
            throw invalid("the bits after the last whole byte must be fewer than five, and zero")
        }
        return bytes
    }

    /// Prefix and values of five bits each, their checksum verified and taken off.
    static func split(
        _ text: [UInt8], maxCharacters: Int = 90
    ) throws(EncodingError) -> (prefix: [UInt8], values: [UInt8]) {
        guard text.count <= maxCharacters else {
            throw EncodingError(
                code: "bech32_too_long", message: "bech32 text may have at most \(maxCharacters) characters here")
        }
        let hasUpper = text.contains { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 }
        let hasLower = text.contains { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }
        guard !(hasUpper && hasLower) else { throw invalid("bech32 text is all lower or all upper case") }
        let folded = hasUpper ? text.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 } : text
        guard let end = folded.lastIndex(of: separator), isPrefix(folded[..<end]),
            folded.count - end - 1 >= checksumCount
        else { throw invalid("bech32 text is a prefix, the digit 1, then data and six characters of checksum") }
        var checksum = Checksum(prefix: folded[..<end])
        var data: [UInt8] = []
        for character in folded[(end + 1)...] {
            guard let value = values[Int(character)] else {
                throw invalid("the text holds a character that is not of the bech32 alphabet")
            }
            checksum.add(value)
            data.append(value)
        }
        guard checksum.isSound else {
            throw EncodingError(code: "bech32_checksum", message: "the checksum does not fit: a character is wrong")
        }
        return (Array(folded[..<end]), data.dropLast(checksumCount))
    }

    private static func isPrefix(_ characters: some Collection<UInt8>) -> Bool {
        1...83 ~= characters.count
            && characters.allSatisfy { 33...126 ~= $0 && !(UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0) }
    }

    private static func invalid(_ message: String) -> EncodingError {
        EncodingError(code: "bech32_invalid", message: message)
    }
}

/// The BCH code of BIP-173.
private struct Checksum {
    private static let generator: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
    private var state: UInt32 = 1

    init(prefix: some Collection<UInt8>) {
        prefix.forEach { add($0 >> 5) }
        add(0)
        prefix.forEach { add($0 & 31) }
    }

    mutating func add(_ value: UInt8) {
        let top = state >> 25
        state = (state & 0x1ff_ffff) << 5 ^ UInt32(value)
        for (bit, term) in Self.generator.enumerated() where top >> UInt32(bit) & 1 == 1 { state ^= term }
    }

    /// After data and checksum.
    var isSound: Bool { state == 1 }

    /// The six values that make what came before sound.
    var values: [UInt8] {
        var end = self
        for _ in 0..<6 { end.add(0) }
        return (0..<6).map { UInt8(truncatingIfNeeded: (end.state ^ 1) >> UInt32(5 * (5 - $0)) & 31) }
    }
}
