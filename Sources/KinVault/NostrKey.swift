import KinCrypto
import KinEncoding
public import KinIdentity

/// A Nostr key (NIP-01), as a held signer.
public struct NostrKey: NostrSigner {
    private static let secretPrefix = "nsec"

    private let secret: SecretBytes
    private let signer: HeldNostrSigner

    /// - Parameter derived: the key at `VaultPath.nostr(n)`.
    /// - Throws: `secp256k1_key_invalid`.
    public init(_ derived: borrowing DerivedKey) throws(CryptoError) {
        secret = derived.privateKey
        signer = try HeldNostrSigner(secret: secret)
    }

    /// 32 bytes, x only.
    public var publicKey: [UInt8] { signer.publicKey }

    /// The public key as people exchange it (NIP-19).
    public var npub: String { Bech32.encode(prefix: "npub", publicKey) }

    /// The private key as other programs import it (NIP-19): 63 characters.
    public var nsec: SecretBytes {
        SecretBytes(count: Bech32.encodedCount(prefix: Self.secretPrefix, secret.count)) { text in
            secret.withBytes { Bech32.encode(prefix: Self.secretPrefix, $0, into: text) }
        }
    }

    public func signature(over id: [UInt8]) async throws -> [UInt8] { try await signer.signature(over: id) }
}
