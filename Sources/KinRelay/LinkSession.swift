import KinEncoding

/// What the relay tells a device so that it, and nobody else, can take up a link: 16 random bytes, good once and for seconds.
public struct LinkSession: Hashable, Sendable {
    public static let byteCount = 16

    private let high: UInt64
    private let low: UInt64

    /// - Parameter generator: unpredictable, or sessions can be guessed.
    public init(using generator: inout some RandomNumberGenerator) {
        high = generator.next()
        low = generator.next()
    }

    /// - Parameter hex: 32 lower-case hex digits.
    public init?(hex: String) {
        guard hex.utf8.count == 2 * Self.byteCount, let bytes = try? Hex.decode(hex) else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    public var bytes: [UInt8] {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }
}
