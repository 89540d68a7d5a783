import CSodium

/// AES-256-GCM (NIST SP 800-38D): the cipher of sealed credentials.
///
/// By libsodium on guarded memory where the processor has instructions for AES, as libsodium demands; elsewhere by
/// swift-crypto, whose copies of the key it does not erase.
public enum AESGCM {
    /// The bytes of a nonce.
    public static let nonceCount = Int(crypto_aead_aes256gcm_NPUBBYTES)
    /// The bytes that sealing adds.
    public static let overhead = Int(crypto_aead_aes256gcm_ABYTES)
    private static let keyCount = Int(crypto_aead_aes256gcm_KEYBYTES)

    /// Who does the work.
    enum Implementation: Sendable, CaseIterable {
        case sodium, swiftCrypto
    }

    /// Whether no copy of a key outlives the call, on this processor.
    public static let erasesKeys: Bool = {
        _ = Sodium.ready
        return crypto_aead_aes256gcm_is_available() == 1
    }()

    /// Ciphertext, then the 16 bytes of the tag.
    ///
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - nonce: 12 bytes, never used twice with one key.
    /// - Throws: `aead_parameters` where key or nonce has the wrong length.
    public static func seal(
        _ plaintext: SecretBytes, key: SecretBytes, nonce: [UInt8], authenticating additional: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try seal(
            plaintext, key: key, nonce: nonce, authenticating: additional, by: erasesKeys ? .sodium : .swiftCrypto)
    }

    static func seal(
        _ plaintext: SecretBytes, key: SecretBytes, nonce: [UInt8], authenticating additional: [UInt8],
        by implementation: Implementation
    ) throws(CryptoError) -> [UInt8] {
        try check(key: key, nonce: nonce)
        return switch implementation {
        case .sodium: sodiumSeal(plaintext, key: key, nonce: nonce, authenticating: additional)
        case .swiftCrypto: try cryptoSeal(plaintext, key: key, nonce: nonce, authenticating: additional)
        }
    }

    /// The plaintext of what `seal` made with the same key, nonce and additional data.
    ///
    /// - Throws: `aead_parameters`, or `aead_refused` for anything else, be it a wrong key or a changed bit.
    public static func open(
        _ sealed: some Collection<UInt8>, key: SecretBytes, nonce: [UInt8], authenticating additional: [UInt8]
    ) throws(CryptoError) -> SecretBytes {
        try open(
            Array(sealed), key: key, nonce: nonce, authenticating: additional, by: erasesKeys ? .sodium : .swiftCrypto)
    }

    static func open(
        _ sealed: [UInt8], key: SecretBytes, nonce: [UInt8], authenticating additional: [UInt8],
        by implementation: Implementation
    ) throws(CryptoError) -> SecretBytes {
        try check(key: key, nonce: nonce)
        guard sealed.count >= overhead else { throw refused }
        return switch implementation {
        case .sodium: try sodiumOpen(sealed, key: key, nonce: nonce, authenticating: additional)
        case .swiftCrypto: try cryptoOpen(sealed, key: key, nonce: nonce, authenticating: additional)
        }
    }

    private static func check(key: SecretBytes, nonce: [UInt8]) throws(CryptoError) {
        guard key.count == keyCount, nonce.count == nonceCount else {
            throw CryptoError(code: "aead_parameters", message: "AES-256-GCM takes a key of 32 bytes and a nonce of 12")
        }
    }

    static let refused = CryptoError(
        code: "aead_refused", message: "the sealed bytes do not open: another key, or they were changed")
}
