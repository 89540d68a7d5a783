import CSodium

/// ChaCha20-Poly1305 (RFC 8439): the cipher of registry records and Noise.
///
/// OpenSSL's: where a link is as fast as its cipher, it is more than twice as fast as libsodium's. It erases its copy of the key before a call returns.
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
        var isSealed = false
        let sealed = [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            let tag = UnsafeMutableBufferPointer(rebasing: output[(count - tagCount)..<count])
            isSealed = run(key, nonce, sealing: true, additional) { message in
                plaintext.withContiguousBytes { message.transform($0, into: output.octets) }
                    && message.writeTag(to: tag)
            }
            initialized = isSealed ? count : 0
        }
        guard isSealed else { throw failed }
        return sealed
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
        var isOpened = false
        let plaintext = [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            isOpened = run(key, nonce, sealing: false, additional) { message in
                sealed.withContiguousBytes { sealed in
                    let (text, tag) = (sealed[..<count], sealed[count...])
                    return message.transform(UnsafeBufferPointer(rebasing: text), into: output.octets)
                        && message.verify(UnsafeBufferPointer(rebasing: tag))
                }
            }
            initialized = isOpened ? count : 0
        }
        guard isOpened else { throw refused }
        return plaintext
    }

    /// The key that follows on `key` (Noise rev 34, section 4.2, REKEY): the first 32 bytes of zeros sealed with the nonce 2^64 − 1. Who learns it
    /// learns nothing of `key`.
    ///
    /// - Throws: `aead_parameters` unless `key` has 32 bytes.
    public static func nextKey(after key: SecretBytes) throws(CryptoError) -> SecretBytes {
        let nonce = [UInt8](repeating: 0, count: 4) + [UInt8](repeating: 0xff, count: 8)
        try check(key: key, nonce: nonce)
        var isSealed = false
        let next = SecretBytes(count: keyCount) { next in
            // The guarded region starts as zeros, and is sealed where it stands.
            let zeros = UnsafeBufferPointer(start: next.octets, count: next.count)
            isSealed = run(key, nonce, sealing: true, []) { $0.transform(zeros, into: next.octets) }
        }
        guard isSealed else { throw failed }
        return next
    }

    /// - Returns: whether all steps of one message went well.
    private static func run(
        _ key: SecretBytes, _ nonce: [UInt8], sealing: Bool, _ additional: some Collection<UInt8>,
        _ steps: (OpenSSL.Message) -> Bool
    ) -> Bool {
        OpenSSL.Message.run(OpenSSL.chaChaPoly, key: key, nonce: nonce, sealing: sealing) { message in
            additional.withContiguousBytes(message.authenticate) && steps(message)
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

    private static let failed = CryptoError(
        code: "aead_failed", message: "OpenSSL could not seal: more than 2 GiB at once, or no memory left")
}
