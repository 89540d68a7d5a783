import KinEncoding

/// The base58 form of a wallet's 32-byte Ed25519 public key: the public name of a family.
public struct WalletAddress: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    /// 32 bytes.
    public let bytes: [UInt8]

    /// - Returns: nil unless `text` is base58 of exactly 32 bytes.
    public init?(_ text: String) {
        guard let bytes = try? Base58.decode(text), bytes.count == 32, Base58.encode(bytes) == text else { return nil }
        self.description = text
        self.bytes = bytes
    }

    /// - Returns: nil unless there are 32 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.description = Base58.encode(bytes)
        self.bytes = bytes
    }
}
