import KinCrypto
import KinEncoding
import KinIdentity
import KinWire

/// A wallet with a real Ed25519 key and random family keys, without a phrase behind them.
public struct TestWallet: WalletSigner {
    public let key: Ed25519.PrivateKey
    public let address: WalletAddress
    /// As a machine that had the phrase keeps it.
    public let file: WalletFile

    public init(key: Ed25519.PrivateKey = .random()) throws {
        guard let address = WalletAddress(bytes: key.publicKey.bytes) else { throw Fault() }
        let box = X25519.PrivateKey.random()
        self.key = key
        self.address = address
        file = WalletFile(
            address: address, routeID: Base58.encode(Random.bytes(32)), boxPublic: box.publicKey.bytes,
            recordKey: .random(count: 32), boxSecret: box)
    }

    /// As a machine that never had the phrase keeps it.
    public var fileWithoutPhrase: WalletFile {
        WalletFile(
            address: address, routeID: file.routeID, boxPublic: file.boxPublic, recordKey: nil, boxSecret: nil)
    }

    public var home: MeshID { .home(of: address) }

    public func signature(over bytes: [UInt8], domain: String) async throws -> [UInt8] {
        key.sign(bytes, domain: domain)
    }

    private struct Fault: Error {}
}
