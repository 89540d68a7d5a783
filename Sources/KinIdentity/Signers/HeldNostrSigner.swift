import KinCrypto
import KinWire

/// A Nostr key in this process's guarded memory.
public struct HeldNostrSigner: NostrSigner {
    public let publicKey: [UInt8]
    private let secret: SecretBytes

    /// - Parameter secret: 32 bytes.
    /// - Throws: `secp256k1_key_invalid`.
    public init(secret: SecretBytes) throws(CryptoError) {
        publicKey = try Secp256k1.xOnlyPublicKey(secret)
        self.secret = secret
    }

    public func signature(over id: [UInt8]) async throws -> [UInt8] {
        try Task.checkCancellation()
        guard id.count == 32 else { throw KinError.nostrIDLength }
        return try Secp256k1.schnorrSignature(over: id, key: secret)
    }
}
