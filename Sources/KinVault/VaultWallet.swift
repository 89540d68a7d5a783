import KinCrypto
public import KinIdentity
public import KinWire

/// The wallet as long as its phrase is at hand: signs, and gives what an enrolled device keeps.
public struct VaultWallet: WalletSigner {
    public let address: WalletAddress
    private let key: WalletKey
    private let registry: RegistryKeys

    /// - Parameter passphrase: BIP39's; empty where there is none.
    /// - Throws: `CryptoError` or `KinError` where no key follows from this phrase (a chance of 2^-127).
    public init(phrase: Phrase, passphrase: SecretBytes = SecretBytes(copying: [])) throws {
        key = try WalletKey(seed: Seed(phrase: phrase, passphrase: passphrase))
        registry = try RegistryKeys.derive(entropy: phrase.entropy)
        guard let address = WalletAddress(bytes: key.privateKey.publicKey.bytes) else {
            throw KinError("wallet_underivable", "no wallet follows from this phrase: make another")
        }
        self.address = address
    }

    /// What `wallet.json` keeps: never the phrase, the seed or the wallet's key.
    public var walletFile: WalletFile {
        WalletFile(
            address: address, routeID: registry.routeID, boxPublic: registry.box.publicKey.bytes,
            recordKey: registry.recordKey, boxSecret: registry.box)
    }

    public func signature(over bytes: [UInt8], domain: String) async throws -> [UInt8] {
        key.privateKey.sign(bytes, domain: domain)
    }
}
