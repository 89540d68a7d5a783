import KinCrypto
import KinEncoding

/// What a family needs to find its devices through a relay that learns nothing of them: three keys from the phrase's
/// entropy by HKDF-SHA256, 32 bytes each.
///
/// A host that is enrolled keeps these and forgets the phrase.
public struct RegistryKeys: Sendable {
    /// Seals and opens registry records (ChaCha20-Poly1305). The labels are those of an existing system, whose records
    /// it opens too.
    public let recordKey: SecretBytes
    /// Opens the records that machines without the phrase seal to its public half.
    public let box: X25519.PrivateKey
    /// The name under which the family registers, in base58. Nobody can tell it from the wallet address.
    public let routeID: String

    /// - Parameter entropy: of `Phrase`.
    public static func derive(entropy: SecretBytes) throws(CryptoError) -> RegistryKeys {
        let own = "kindred/registry/v1"
        let route = HKDF.sha256(entropy, salt: own, info: "route", count: 32)
        return RegistryKeys(
            recordKey: HKDF.sha256(entropy, salt: "miranda/registry/v1", info: "aead-key", count: 32),
            box: try X25519.PrivateKey(HKDF.sha256(entropy, salt: own, info: "box", count: 32)),
            routeID: Base58.encode(route.withBytes { Array($0) }))
    }
}
