import KinCrypto
import KinWire

/// `wallet.json`, 0600: what a device keeps of the wallet. Never the phrase, the seed or a wallet key.
public struct WalletFile: Sendable {
    public let address: WalletAddress
    /// Under which the family registers at relays (base58).
    public let routeID: String
    /// 32 bytes: machines without the phrase seal their record to it.
    public let boxPublic: [UInt8]
    /// K, which seals and opens records; nil on machines that never had the phrase.
    public let recordKey: SecretBytes?
    /// Opens the records of machines without the phrase; nil like `recordKey`.
    public let boxSecret: X25519.PrivateKey?

    public init(
        address: WalletAddress, routeID: String, boxPublic: [UInt8], recordKey: SecretBytes?,
        boxSecret: X25519.PrivateKey?
    ) {
        self.address = address
        self.routeID = routeID
        self.boxPublic = boxPublic
        self.recordKey = recordKey
        self.boxSecret = boxSecret
    }

    /// Reads the file; nil where there is none.
    public init?(reading path: String) throws {
        guard let document = try SecretDocument(reading: path) else { return nil }
        guard let address = WalletAddress(try document.text("address")) else {
            throw KinError("file_damaged", "\(path) is damaged: address is no wallet address. Import the phrase again")
        }
        let box = try document.secret("box_public", count: 32)
        try self.init(
            address: address, routeID: document.text("route_id"), boxPublic: box.withBytes { Array($0) },
            recordKey: document.optionalSecret("record_key", count: 32),
            boxSecret: document.optionalSecret("box_secret", count: 32).map { try X25519.PrivateKey($0) })
    }

    public func write(to path: String) throws {
        var secrets = [("box_public", SecretBytes(copying: boxPublic))]
        if let recordKey { secrets.append(("record_key", recordKey)) }
        if let boxSecret { secrets.append(("box_secret", boxSecret.secret)) }
        let texts = [("schema_version", "1"), ("address", address.description), ("route_id", routeID)]
        try StateFolder.write(SecretDocument.render(texts, secrets: secrets), to: path)
    }
}
