import KinEncoding

/// What a vault answers (docs/protocol/vault.md). It refuses by a `KinError`, which each carrier writes in its own form.
public enum VaultAnswer<Secret: WireSecret>: Sendable, Equatable {
    /// - handle: text; whoever holds it may use the private keys until the vault locks.
    case unlocked(address: WalletAddress, handle: Secret)
    case locked
    case status(VaultStatus)
    /// 32 bytes: Ed25519, or X25519 for an encryption key.
    case publicKey(path: String, bytes: [UInt8])
    /// - publicKey: 65 bytes; address with EIP-55's checksum.
    case ethereumKey(path: String, publicKey: [UInt8], address: String)
    /// - publicKey: 32 bytes, x only.
    case nostrKey(n: UInt32, publicKey: [UInt8], npub: String)
    case password(Secret)
    case encrypted(EncryptedData)
    case plaintext(Secret)
    /// As it stands in `authorized_keys` and `known_hosts`.
    case sshPublicKey(String)
}

/// What anyone may know of a vault.
public struct VaultStatus: Hashable, Sendable {
    /// The wallet while unlocked, nil while locked.
    public var address: WalletAddress?
    /// Milliseconds: when it locks by itself unless it is used before; nil while locked or where it never does.
    public var locksAt: Int64?

    public var isLocked: Bool { address == nil }

    public init(address: WalletAddress?, locksAt: Int64?) {
        self.address = address
        self.locksAt = locksAt
    }
}
