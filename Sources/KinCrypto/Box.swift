import CSodium

/// Public-key encryption between two known keys: NaCl's crypto_box (X25519, XSalsa20, Poly1305).
public enum Box {
    /// The bytes of a nonce.
    public static let nonceCount = Int(crypto_box_NONCEBYTES)
    /// The bytes that sealing adds.
    public static let overhead = Int(crypto_box_MACBYTES)

    /// The key that both sides compute alike; worth keeping for as long as they talk.
    ///
    /// - Throws: `x25519_key_invalid` where the product is zero, which a checked public key never gives.
    public static func sharedKey(
        _ mine: X25519.PrivateKey, _ theirs: X25519.PublicKey
    ) throws(CryptoError) -> SecretBytes {
        var agreed = false
        let key = SecretBytes(count: Int(crypto_box_BEFORENMBYTES)) { key in
            mine.secret.withBytes { agreed = crypto_box_beforenm(key.octets, theirs.bytes, $0.octets) == 0 }
        }
        guard agreed else {
            throw CryptoError(code: "x25519_key_invalid", message: "no secret can be agreed on with this public key")
        }
        return key
    }

    /// Tag and ciphertext, `overhead` bytes longer than `plaintext`.
    ///
    /// - Parameters:
    ///   - nonce: 24 bytes, never used twice with one key; random ones are safe.
    ///   - sharedKey: of `sharedKey(_:_:)`.
    public static func seal(_ plaintext: some Collection<UInt8>, nonce: [UInt8], sharedKey: SecretBytes) -> [UInt8] {
        precondition(
            nonce.count == nonceCount && sharedKey.count == Int(crypto_box_BEFORENMBYTES),
            "crypto_box takes a nonce of 24 bytes and a shared key of 32")
        let count = plaintext.count + overhead
        return [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            plaintext.withContiguousBytes { plaintext in
                sharedKey.withBytes { key in
                    _ = crypto_box_easy_afternm(
                        output.octets, plaintext.octets, UInt64(plaintext.count), nonce, key.octets)
                }
            }
            initialized = count
        }
    }

    /// The plaintext, or nil for a wrong key, a wrong nonce or a changed bit.
    public static func open(_ box: some Collection<UInt8>, nonce: [UInt8], sharedKey: SecretBytes) -> [UInt8]? {
        let count = box.count - overhead
        guard count >= 0, nonce.count == nonceCount, sharedKey.count == Int(crypto_box_BEFORENMBYTES) else {
            return nil
        }
        var opened = false
        let plaintext = [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            box.withContiguousBytes { box in
                sharedKey.withBytes { key in
                    opened =
                        crypto_box_open_easy_afternm(
                            output.octets, box.octets, UInt64(box.count), nonce, key.octets) == 0
                }
            }
            initialized = opened ? count : 0
        }
        return opened ? plaintext : nil
    }
}
