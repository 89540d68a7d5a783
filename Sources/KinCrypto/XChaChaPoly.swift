import CSodium

/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): the cipher of sealed files. Its nonces are long enough to be drawn at random.
public enum XChaChaPoly {
    /// The bytes of a key.
    public static let keyCount = Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES)
    /// The bytes of a nonce.
    public static let nonceCount = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    /// The bytes of a tag.
    public static let tagCount = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

    /// Nonce, ciphertext, then the 16 bytes of the tag: 40 bytes more than `plaintext`.
    ///
    /// - Parameter nonce: 24 bytes, never used twice with one key; random ones are safe.
    /// - Throws: `aead_parameters` where key or nonce has the wrong length.
    public static func seal(
        _ plaintext: some Collection<UInt8>, key: SecretBytes, nonce: [UInt8] = Random.bytes(nonceCount),
        authenticating additional: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        guard key.count == keyCount, nonce.count == nonceCount else { throw parameters }
        let count = nonceCount + plaintext.count + tagCount
        return [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            for index in 0..<nonceCount { output[index] = nonce[index] }
            let sealed = UnsafeMutableBufferPointer(rebasing: output[nonceCount..<count])
            plaintext.withContiguousBytes { plaintext in
                key.withBytes { key in
                    _ = crypto_aead_xchacha20poly1305_ietf_encrypt(
                        sealed.octets, nil, plaintext.octets, UInt64(plaintext.count), additional,
                        UInt64(additional.count), nil, nonce, key.octets)
                }
            }
            initialized = count
        }
    }

    /// The plaintext of what `seal` made with the same key and additional data.
    ///
    /// - Throws: `aead_parameters`, or `aead_refused` for anything else, be it a wrong key or a changed bit.
    public static func open(
        _ sealed: some Collection<UInt8>, key: SecretBytes, authenticating additional: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        guard key.count == keyCount else { throw parameters }
        let count = sealed.count - nonceCount - tagCount
        guard count >= 0 else { throw refused }
        var opened = false
        let plaintext = [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            sealed.withContiguousBytes { sealed in
                let nonce = UnsafeBufferPointer(rebasing: sealed[..<nonceCount])
                let body = UnsafeBufferPointer(rebasing: sealed[nonceCount...])
                key.withBytes { key in
                    opened =
                        crypto_aead_xchacha20poly1305_ietf_decrypt(
                            output.octets, nil, nil, body.octets, UInt64(body.count), additional,
                            UInt64(additional.count), nonce.octets, key.octets) == 0
                }
            }
            initialized = opened ? count : 0
        }
        guard opened else { throw refused }
        return plaintext
    }

    private static let parameters = CryptoError(
        code: "aead_parameters", message: "XChaCha20-Poly1305 takes a key of 32 bytes and a nonce of 24")

    private static let refused = CryptoError(
        code: "aead_refused", message: "the sealed bytes do not open: another key, or they were changed")
}
