import CSodium

/// Password-based key derivation (RFC 8018, section 5.2).
///
/// Written out here over libsodium's HMAC, because the implementations within reach leave the derived key in memory
/// that was freed without being erased, and a recovery phrase's seed is such a key.
public enum PBKDF2 {
    private static let blockCount = Int(crypto_auth_hmacsha512_BYTES)

    /// `count` bytes from `password` with HMAC-SHA512. The time grows with `rounds` and `count`: both are the
    /// program's own, never a stranger's.
    public static func sha512(password: SecretBytes, salt: SecretBytes, rounds: Int, count: Int) -> SecretBytes {
        precondition(rounds > 0 && count > 0, "PBKDF2 takes a positive number of rounds and bytes")
        var keyed = crypto_auth_hmacsha512_state()
        defer { sodium_memzero(&keyed, MemoryLayout.size(ofValue: keyed)) }
        password.withBytes { _ = crypto_auth_hmacsha512_init(&keyed, $0.octets, $0.count) }

        let blocks = (count + blockCount - 1) / blockCount
        let whole = SecretBytes(count: blocks * blockCount) { output in
            for block in 0..<blocks {
                let target = UnsafeMutableRawBufferPointer(
                    rebasing: output[block * blockCount..<(block + 1) * blockCount])
                fill(target, number: UInt32(block + 1), keyed: keyed, salt: salt, rounds: rounds)
            }
        }
        guard whole.count > count else { return whole }
        return whole.withBytes { SecretBytes(copying: $0.prefix(count)) }
    }

    /// The same with a salt that is not secret.
    public static func sha512(password: SecretBytes, salt: [UInt8], rounds: Int, count: Int) -> SecretBytes {
        sha512(password: password, salt: SecretBytes(copying: salt), rounds: rounds, count: count)
    }

    /// Writes T_number = U_1 xor U_2 xor … xor U_rounds. `keyed` holds the HMAC of nothing yet, so that the password
    /// is hashed once and not in each round.
    private static func fill(
        _ target: UnsafeMutableRawBufferPointer, number: UInt32, keyed: crypto_auth_hmacsha512_state,
        salt: SecretBytes, rounds: Int
    ) {
        withUnsafeTemporaryAllocation(byteCount: blockCount, alignment: MemoryLayout<UInt64>.alignment) { round in
            var state = keyed
            salt.withBytes { _ = crypto_auth_hmacsha512_update(&state, $0.octets, UInt64($0.count)) }
            withUnsafeBytes(of: number.bigEndian) {
                _ = crypto_auth_hmacsha512_update(&state, $0.octets, UInt64($0.count))
            }
            crypto_auth_hmacsha512_final(&state, round.octets)
            target.copyMemory(from: UnsafeRawBufferPointer(round))
            for _ in 1..<rounds {
                state = keyed
                crypto_auth_hmacsha512_update(&state, round.octets, UInt64(round.count))
                crypto_auth_hmacsha512_final(&state, round.octets)
                for index in 0..<blockCount { target[index] ^= round[index] }
            }
            sodium_memzero(round.octets, round.count)
            sodium_memzero(&state, MemoryLayout.size(ofValue: state))
        }
    }
}
