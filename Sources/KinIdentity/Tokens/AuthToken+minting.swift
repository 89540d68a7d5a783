import KinCrypto
import KinWire

extension AuthToken {
    /// SHA-256 of the raw public key.
    public static func keyID(of key: Ed25519.PublicKey) -> [UInt8] { Digest.sha256(key.bytes) }

    /// A token of `key` for `audience`.
    /// - Parameters:
    ///   - now: milliseconds.
    ///   - nonce: 16 bytes; random unless a test says otherwise.
    /// - Throws: `token_malformed` for an audience longer than 65,535 bytes, a time before 1970 or a nonce of another length.
    public static func mint(
        for audience: TokenAudience, key: Ed25519.PrivateKey, now: Int64, nonce: [UInt8] = Random.bytes(nonceBytes)
    ) throws(TokenFault) -> AuthToken {
        let keyID = keyID(of: key.publicKey)
        let timestamp = now / 1000
        guard now >= 0, nonce.count == nonceBytes,
            let bytes = signedBytes(audience: audience, keyID: keyID, timestamp: timestamp, nonce: nonce)
        else { throw .malformed }
        return AuthToken(
            keyID: keyID, timestamp: timestamp, nonce: nonce, signature: key.sign(bytes, domain: domain))
    }

    /// Whether `key` signed this for `audience`.
    func isSigned(by key: Ed25519.PublicKey, for audience: TokenAudience) -> Bool {
        let bytes = Self.signedBytes(audience: audience, keyID: keyID, timestamp: timestamp, nonce: nonce)
        return bytes.map { key.isValid(signature: signature, over: $0, domain: Self.domain) } ?? false
    }
}
