/// A universally unique, lexicographically sortable identifier (github.com/ulid/spec): 48 bits of milliseconds since
/// 1970, then 80 random bits, written as 26 characters of Crockford's base 32.
///
/// Order of values, order of texts and order in time agree.
public struct ULID: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// The identifier written as `text`, or nil unless it is in canonical form: 26 upper-case characters, the first
    /// at most `7`.
    public init?(_ text: String) {
        guard text.utf8.count == 26, let first = text.utf8.first, first <= UInt8(ascii: "7") else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for character in text.utf8 {
            guard let value = Self.value(of: character) else { return nil }
            high = high << 5 | low >> 59
            low = low << 5 | UInt64(value)
        }
        self.high = high
        self.low = low
    }

    /// - Parameters:
    ///   - milliseconds: since 1970; a time before 1970 or after the year 10889 becomes the nearest that fits.
    ///   - randomness: exactly 10 bytes.
    public init(milliseconds: Int64, randomness: [UInt8]) {
        precondition(randomness.count == 10, "a ULID has 10 random bytes")
        let time = UInt64(min(max(milliseconds, 0), 1 << 48 - 1))
        high = randomness[..<2].reduce(time) { $0 << 8 | UInt64($1) }
        low = randomness[2...].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// When it was made, in milliseconds since 1970, by its maker's clock.
    public var milliseconds: Int64 { Int64(high >> 16) }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "H"): character - UInt8(ascii: "A") + 10
        case UInt8(ascii: "J"), UInt8(ascii: "K"): character - UInt8(ascii: "J") + 18
        case UInt8(ascii: "M"), UInt8(ascii: "N"): character - UInt8(ascii: "M") + 20
        case UInt8(ascii: "P")...UInt8(ascii: "T"): character - UInt8(ascii: "P") + 22
        case UInt8(ascii: "V")...UInt8(ascii: "Z"): character - UInt8(ascii: "V") + 27
        default: nil
        }
    }
}

extension ULID: Comparable {
    public static func < (left: ULID, right: ULID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension ULID: CustomStringConvertible {
    /// The 26 characters.
    public var description: String {
        String(unsafeUninitializedCapacity: 26) { output in
            var (high, low) = (high, low)
            for index in (0..<26).reversed() {
                output[index] = Self.alphabet[Int(low & 0x1f)]
                low = low >> 5 | high << 59
                high >>= 5
            }
            return 26
        }
    }
}
