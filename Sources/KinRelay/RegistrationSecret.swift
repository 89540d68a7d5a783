import KinEncoding

/// What the first holder of a slot showed, and whoever takes the slot after it must show too.
struct RegistrationSecret: Sendable {
    private static let count = 32
    private let bytes: [UInt8]

    init?(hex: String) {
        guard hex.utf8.count == 2 * Self.count, let bytes = try? Hex.decode(hex) else { return nil }
        self.bytes = bytes
    }

    /// Reads every byte whatever the first ones say, so that the time tells nothing of how far a guess was right.
    @inline(never)
    func matches(_ other: RegistrationSecret) -> Bool {
        var difference: UInt8 = 0
        for index in 0..<Self.count { difference |= bytes[index] ^ other.bytes[index] }
        return difference == 0
    }
}
