import CSodium

/// ChaCha20-Poly1305 (RFC 8439): the cipher of registry records and Noise.
public enum ChaChaPoly {
    private static let keyCount = Int(crypto_aead_chacha20poly1305_ietf_KEYBYTES)
    private static let nonceCount = Int(crypto_aead_chacha20poly1305_ietf_NPUBBYTES)
    private static let tagCount = Int(crypto_aead_chacha20poly1305_ietf_ABYTES)

    /// Ciphertext, then the 16 bytes of the tag.
    ///
    /// - Parameter nonce: 12 bytes, never used twice with one key.
    /// - Throws: `aead_parameters` where key or nonce has the wrong length.
    public static func seal(
        _ plaintext: some Collection<UInt8>, key: SecretBytes, nonce: [UInt8],
        authenticating additional: some Collection<UInt8>
    ) throws(CryptoError) -> [UInt8] {
        try check(key: key, nonce: nonce)
        let count = plaintext.count + tagCount
        return [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            plaintext.withContiguousBytes { plaintext in
                additional.withContiguousBytes { additional in
                    key.withBytes { key in
                        _ = crypto_aead_chacha20poly1305_ietf_encrypt(
                            output.octets, nil, plaintext.octets, UInt64(plaintext.count),
                            additional.octets, UInt64(additional.count), nil, nonce, key.octets)
                    }
                }
            }
            initialized = count
        }
    }

    /// The plaintext of what `seal` made with the same key, nonce and additional data.
    ///
    /// - Throws: `aead_parameters`, or `aead_refused` for anything else, be it a wrong key or a changed bit.
    public static func open(
        _ sealed: some Collection<UInt8>, key: SecretBytes, nonce: [UInt8],
        authenticating additional: some Collection<UInt8>
    ) throws(CryptoError) -> [UInt8] {
        try check(key: key, nonce: nonce)
        let count = sealed.count - tagCount
        guard count >= 0 else { throw refused }
        var opened = false
        let plaintext = [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            sealed.withContiguousBytes { sealed in
                additional.withContiguousBytes { additional in
                    key.withBytes { key in
                        opened =
                            crypto_aead_chacha20poly1305_ietf_decrypt(
                                output.octets, nil, nil, sealed.octets, UInt64(sealed.count),
                                additional.octets, UInt64(additional.count), nonce, key.octets) == 0
                    }
                }
            }
            initialized = opened ? count : 0
        }
        guard opened else { throw refused }
        return plaintext
    }

    /// The key that follows on `key` (Noise rev 34, section 4.2, REKEY): the first 32 bytes of zeros sealed with the nonce 2^64 − 1. Who learns it
    /// learns nothing of `key`.
    ///
    /// - Throws: `aead_parameters` unless `key` has 32 bytes.
    public static func nextKey(after key: SecretBytes) throws(CryptoError) -> SecretBytes {
        let nonce = [UInt8](repeating: 0, count: 4) + [UInt8](repeating: 0xff, count: 8)
        try check(key: key, nonce: nonce)
        return SecretBytes(count: keyCount) { next in
            // The guarded region starts as zeros. The cipher's first block makes the tag's key, so its text begins with the second.
            key.withBytes {
                _ = crypto_stream_chacha20_ietf_xor_ic(
                    next.octets, next.octets, UInt64(next.count), nonce, 1, $0.octets)
            }
        }
    }

    private static func check(key: SecretBytes, nonce: [UInt8]) throws(CryptoError) {
        guard key.count == keyCount, nonce.count == nonceCount else {
            throw CryptoError(
                code: "aead_parameters", message: "ChaCha20-Poly1305 takes a key of 32 bytes and a nonce of 12")
        }
    }

    private static let refused = CryptoError(
        code: "aead_refused", message: "the sealed bytes do not open: another key, or they were changed")
}
