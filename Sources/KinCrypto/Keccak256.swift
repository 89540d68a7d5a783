/// Keccak-256 as Ethereum uses it: the sponge of the SHA-3 competition, with its first padding and not that of FIPS 202.
/// It hashes public bytes only.
public enum Keccak256 {
    /// Bytes taken in for each permutation: 1,600 bits less twice 256.
    private static let rate = 136

    /// The 32 bytes of the hash.
    public static func hash(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var padded = Array(bytes)
        padded.append(0x01)
        padded.append(contentsOf: repeatElement(0, count: (rate - padded.count % rate) % rate))
        padded[padded.count - 1] |= 0x80

        var state = [UInt64](repeating: 0, count: 25)
        for start in stride(from: 0, to: padded.count, by: rate) {
            for lane in 0..<rate / 8 {
                let bytes = padded[start + 8 * lane..<start + 8 * lane + 8]
                state[lane] ^= bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
            }
            permute(&state)
        }
        return state[..<4].flatMap { lane in (0..<8).map { UInt8(truncatingIfNeeded: lane >> UInt64(8 * $0)) } }
    }

    /// Keccak-f[1600]: 24 rounds of θ, ρ, π, χ and ι over 5 × 5 lanes, lane (x, y) at x + 5y.
    private static func permute(_ state: inout [UInt64]) {
        for constant in roundConstants {
            let parity = (0..<5).map { x in (0..<5).reduce(0) { $0 ^ state[x + 5 * $1] } }
            for x in 0..<5 {
                let change = parity[(x + 4) % 5] ^ rotated(parity[(x + 1) % 5], 1)
                for y in 0..<5 { state[x + 5 * y] ^= change }
            }
            var moved = state
            for x in 0..<5 {
                for y in 0..<5 { moved[y + 5 * ((2 * x + 3 * y) % 5)] = rotated(state[x + 5 * y], offsets[x + 5 * y]) }
            }
            for y in 0..<5 {
                for x in 0..<5 {
                    state[x + 5 * y] = moved[x + 5 * y] ^ (~moved[(x + 1) % 5 + 5 * y] & moved[(x + 2) % 5 + 5 * y])
                }
            }
            state[0] ^= constant
        }
    }

    private static func rotated(_ lane: UInt64, _ bits: UInt64) -> UInt64 {
        bits == 0 ? lane : lane << bits | lane >> (64 - bits)
    }

    private static let offsets: [UInt64] = [
        0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
    ]

    private static let roundConstants: [UInt64] = [
        0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
        0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
        0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
        0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
        0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
        0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
    ]
}
