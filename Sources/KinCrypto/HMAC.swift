import CSodium

/// Keyed hashes (RFC 2104).
///
/// They and what is built on them use libsodium: it erases its working memory, where other implementations leave the
/// padded key, and at times the message, in memory that was freed.
public enum HMAC {
    /// The 32 bytes of HMAC-SHA256.
    public static func sha256(key: SecretBytes, _ message: some Collection<UInt8>) -> [UInt8] {
        var state = HMACState256(key: key)
        state.update(message)
        return [UInt8](unsafeUninitializedCapacity: HMACState256.outputCount) { output, initialized in
            state.finish(into: UnsafeMutableRawBufferPointer(output))
            initialized = HMACState256.outputCount
        }
    }

    /// The 64 bytes of HMAC-SHA512 of a secret, themselves a secret, as key derivation needs them.
    public static func sha512(key: SecretBytes, _ message: SecretBytes) -> SecretBytes {
        SecretBytes(count: sha512Count) { output in
            key.withBytes { key in message.withBytes { sha512(key: key, $0, into: output) } }
        }
    }

    /// The bytes of HMAC-SHA512.
    public static let sha512Count = Int(crypto_auth_hmacsha512_BYTES)

    /// The same in memory that its caller erases.
    ///
    /// - Parameter output: 64 bytes; may be where `key` or `message` is.
    public static func sha512(
        key: UnsafeRawBufferPointer, _ message: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) {
        precondition(output.count == sha512Count, "HMAC-SHA512 has 64 bytes")
        var state = crypto_auth_hmacsha512_state()
        crypto_auth_hmacsha512_init(&state, key.octets, key.count)
        crypto_auth_hmacsha512_update(&state, message.octets, UInt64(message.count))
        crypto_auth_hmacsha512_final(&state, output.octets)
        sodium_memzero(&state, MemoryLayout.size(ofValue: state))
    }
}

/// HMAC-SHA256 in steps. `finish` erases it; use it once.
struct HMACState256 {
    static let outputCount = Int(crypto_auth_hmacsha256_BYTES)

    private var state = crypto_auth_hmacsha256_state()

    init(key: SecretBytes) {
        key.withBytes { _ = crypto_auth_hmacsha256_init(&state, $0.octets, $0.count) }
    }

    init(key: some Collection<UInt8>) {
        key.withContiguousBytes { _ = crypto_auth_hmacsha256_init(&state, $0.octets, $0.count) }
    }

    mutating func update(_ bytes: some Collection<UInt8>) {
        bytes.withContiguousBytes { _ = crypto_auth_hmacsha256_update(&state, $0.octets, UInt64($0.count)) }
    }

    mutating func finish(into output: UnsafeMutableRawBufferPointer) {
        crypto_auth_hmacsha256_final(&state, output.octets)
        sodium_memzero(&state, MemoryLayout.size(ofValue: state))
    }
}
