import CSodium

/// Encryption under one shared key: NaCl's crypto_secretbox (XSalsa20, Poly1305).
public enum SecretBox {
    /// The bytes of a key.
    public static let keyCount = Int(crypto_secretbox_KEYBYTES)
    /// The bytes of a nonce.
    public static let nonceCount = Int(crypto_secretbox_NONCEBYTES)
    /// The bytes that sealing adds.
    public static let overhead = Int(crypto_secretbox_MACBYTES)

    /// Tag and ciphertext, `overhead` bytes longer than `plaintext`.
    ///
    /// - Parameters:
    ///   - nonce: 24 bytes, never used twice with one key; random ones are safe.
    ///   - key: 32 bytes.
    public static func seal(_ plaintext: SecretBytes, nonce: [UInt8], key: SecretBytes) -> [UInt8] {
        precondition(
            nonce.count == nonceCount && key.count == keyCount,
            "crypto_secretbox takes a nonce of 24 bytes and a key of 32")
        let count = plaintext.count + overhead
        return [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            plaintext.withBytes { plaintext in
                key.withBytes { key in
                    _ = crypto_secretbox_easy(
                        output.octets, plaintext.octets, UInt64(plaintext.count), nonce, key.octets)
                }
            }
            initialized = count
        }
    }

    /// The plaintext, or nil for a wrong key, a wrong nonce or a changed bit.
    public static func open(_ box: some Collection<UInt8>, nonce: [UInt8], key: SecretBytes) -> SecretBytes? {
        let count = box.count - overhead
        guard count >= 0, nonce.count == nonceCount, key.count == keyCount else { return nil }
        var opened = false
        let plaintext = SecretBytes(count: count) { output in
            box.withContiguousBytes { box in
                key.withBytes { key in
                    opened =
                        crypto_secretbox_open_easy(
                            output.octets, box.octets, UInt64(box.count), nonce, key.octets) == 0
                }
            }
        }
        return opened ? plaintext : nil
    }
}
