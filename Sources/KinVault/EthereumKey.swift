import KinCrypto
import KinEncoding

/// An Ethereum account.
public struct EthereumKey: Sendable {
    /// 65 bytes: 0x04, then both coordinates.
    public let publicKey: [UInt8]
    private let secret: SecretBytes

    /// - Parameter derived: the key at `VaultPath.ethereum()`, or another of secp256k1.
    /// - Throws: `secp256k1_key_invalid`.
    public init(_ derived: borrowing DerivedKey) throws(CryptoError) {
        secret = derived.privateKey
        publicKey = try Secp256k1.uncompressedPublicKey(secret)
    }

    /// `0x` and 40 hex digits, whose case is a checksum (EIP-55).
    public var address: String {
        let plain = Hex.encode(Keccak256.hash(publicKey.dropFirst()).suffix(20))
        let hash = Hex.encode(Keccak256.hash(plain.utf8))
        return "0x" + zip(plain, hash).map { $1 >= "8" ? $0.uppercased() : String($0) }.joined()
    }

    /// The signature over a person's message (EIP-191, `personal_sign`): Keccak-256 of `\x19Ethereum Signed Message:\n`,
    /// the message's length in decimal, the message.
    ///
    /// - Returns: 65 bytes: r, s, and 27 or 28.
    public func personalSignature(over message: [UInt8]) throws(CryptoError) -> [UInt8] {
        let prefix = Array("\u{19}Ethereum Signed Message:\n\(message.count)".utf8)
        let signature = try Secp256k1.recoverableSignature(over: Keccak256.hash(prefix + message), key: secret)
        return signature.bytes + [27 + signature.recoveryID]
    }
}
