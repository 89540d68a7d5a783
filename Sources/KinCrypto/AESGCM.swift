import CSodium
import Crypto

/// AES-256-GCM (NIST SP 800-38D): the cipher of sealed credentials.
///
/// By swift-crypto, as libsodium has it only on processors with instructions for it. Its own copies of the key and of
/// the opened plaintext live as long as one call.
public enum AESGCM {
    /// The bytes of a nonce.
    public static let nonceCount = 12
    /// The bytes that sealing adds.
    public static let overhead = 16

    /// Ciphertext, then the 16 bytes of the tag.
    ///
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - nonce: 12 bytes, never used twice with one key.
    /// - Throws: `aead_parameters` where key or nonce has the wrong length.
    public static func seal(
        _ plaintext: SecretBytes, key: SecretBytes, nonce: [UInt8], authenticating additional: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        let (key, nonce) = try parameters(key, nonce)
        do {
            let box = try plaintext.withBytes {
                try AES.GCM.seal($0, using: key, nonce: nonce, authenticating: additional)
            }
            return Array(box.ciphertext) + Array(box.tag)
        } catch {
            throw CryptoError(code: "aead_parameters", message: "AES-GCM cannot seal this")
        }
    }

    /// The plaintext of what `seal` made with the same key, nonce and additional data.
    ///
    /// - Throws: `aead_parameters`, or `aead_refused` for anything else, be it a wrong key or a changed bit.
    public static func open(
        _ sealed: some Collection<UInt8>, key: SecretBytes, nonce: [UInt8], authenticating additional: [UInt8]
    ) throws(CryptoError) -> SecretBytes {
        let (key, nonce) = try parameters(key, nonce)
        guard sealed.count >= overhead else { throw refused }
        do {
            let box = try AES.GCM.SealedBox(
                nonce: nonce, ciphertext: Array(sealed.dropLast(overhead)), tag: Array(sealed.suffix(overhead)))
            var plaintext = try AES.GCM.open(box, using: key, authenticating: additional)
            // The only reference to these bytes: they are erased where they are.
            defer { plaintext.withUnsafeMutableBytes { sodium_memzero($0.octets, $0.count) } }
            return plaintext.withUnsafeBytes { SecretBytes(copying: $0) }
        } catch {
            throw refused
        }
    }

    private static func parameters(
        _ key: SecretBytes, _ nonce: [UInt8]
    ) throws(CryptoError) -> (SymmetricKey, AES.GCM.Nonce) {
        guard key.count == 32, nonce.count == nonceCount, let nonce = try? AES.GCM.Nonce(data: nonce) else {
            throw CryptoError(code: "aead_parameters", message: "AES-256-GCM takes a key of 32 bytes and a nonce of 12")
        }
        return (key.withBytes { SymmetricKey(data: $0) }, nonce)
    }

    private static let refused = CryptoError(
        code: "aead_refused", message: "the sealed bytes do not open: another key, or they were changed")
}
