import KinCrypto
import KinEncoding

/// A wallet: the Ed25519 key at `m/44'/501'/account'/0'`, where Solana wallets look for it too.
public struct WalletKey: Sendable {
    public let account: UInt32
    public let privateKey: Ed25519.PrivateKey

    /// The public key in base58, the family's public name.
    public var address: String { Base58.encode(privateKey.publicKey.bytes) }

    /// - Parameter account: 0 is the family's wallet.
    /// - Throws: `derivation_path_invalid` for an account of 2^31 or more.
    public init(seed: Seed, account: UInt32 = 0) throws {
        let key = try SLIP10.ed25519(seed: seed.bytes, path: DerivationPath(hardened: [44, 501, account, 0]))
        self.account = account
        privateKey = try Ed25519.PrivateKey(seed: key.privateKey)
    }
}
