import CSodium
import Crypto

/// By swift-crypto, on every other processor.
extension AESGCM {
    static func cryptoSeal(
        _ plaintext: SecretBytes, key: SecretBytes, nonce: [UInt8], authenticating additional: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        do {
            let (key, nonce) = (key.withBytes { SymmetricKey(data: $0) }, try AES.GCM.Nonce(data: nonce))
            let box = try plaintext.withBytes {
                try AES.GCM.seal($0, using: key, nonce: nonce, authenticating: additional)
            }
            return Array(box.ciphertext) + Array(box.tag)
        } catch {
            throw CryptoError(code: "aead_parameters", message: "AES-GCM cannot seal this")
        }
    }

    /// - Parameter sealed: at least a tag.
    static func cryptoOpen(
        _ sealed: [UInt8], key: SecretBytes, nonce: [UInt8], authenticating additional: [UInt8]
    ) throws(CryptoError) -> SecretBytes {
        do {
            let key = key.withBytes { SymmetricKey(data: $0) }
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: nonce), ciphertext: sealed.dropLast(overhead), tag: sealed.suffix(overhead))
            var plaintext = try AES.GCM.open(box, using: key, authenticating: additional)
            // The only reference to these bytes: they are erased where they are.
            defer { plaintext.withUnsafeMutableBytes { sodium_memzero($0.octets, $0.count) } }
            return plaintext.withUnsafeBytes { SecretBytes(copying: $0) }
        } catch {
            throw refused
        }
    }
}
