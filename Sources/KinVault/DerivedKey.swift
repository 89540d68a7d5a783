import KinCrypto
import KinEncoding

/// A private key with what its children are derived from.
///
/// Move-only, so that it has one owner and its end is known; whatever would print or serialise it says `[redacted]`.
public struct DerivedKey: ~Copyable, Sendable {
    /// 32 bytes: for Ed25519 the seed of the key, for secp256k1 a number.
    public let privateKey: SecretBytes
    /// 32 bytes.
    public let chainCode: SecretBytes

    init(privateKey: SecretBytes, chainCode: SecretBytes) {
        self.privateKey = privateKey
        self.chainCode = chainCode
    }

    /// Splits the 64 bytes of an HMAC.
    init(_ hash: SecretBytes) {
        let (left, right) = hash.withBytes { (SecretBytes(copying: $0[..<32]), SecretBytes(copying: $0[32...])) }
        self.init(privateKey: left, chainCode: right)
    }

    public var description: String { "[redacted]" }

    public var json: JSON { .string("[redacted]") }
}
