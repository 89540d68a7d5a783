public import KinCrypto
import KinWire

/// Public keys, and the commands by which a private key leaves.
extension VaultService {
    /// The 32 bytes of the Ed25519 key at `path`.
    ///
    /// - Throws: `vault_locked`, `wallet_path_private`, or a `DerivationError`.
    public func ed25519PublicKey(_ path: DerivationPath) throws -> [UInt8] {
        try withPublicKey(.ed25519, path) { try Ed25519.PrivateKey(seed: $0.privateKey).publicKey.bytes }
    }

    /// The 32 bytes of the X25519 key that goes with `path`.
    public func encryptionPublicKey(_ path: DerivationPath) throws -> [UInt8] {
        try withPublicKey(.ed25519, path) { try EncryptionKey.pair($0).publicKey.bytes }
    }

    /// Public key and address of the Ethereum account at `path`.
    public func ethereumPublicKey(_ path: DerivationPath) throws -> (bytes: [UInt8], address: String) {
        try withPublicKey(.secp256k1, path) {
            let key = try EthereumKey($0)
            return (key.publicKey, key.address)
        }
    }

    /// Public key of Nostr account `n`, and its npub.
    public func nostrPublicKey(_ n: UInt32 = 0) throws -> (bytes: [UInt8], npub: String) {
        try withPublicKey(.secp256k1, VaultPath.nostr(n)) {
            let key = try NostrKey($0)
            return (key.publicKey, key.npub)
        }
    }

    /// The SSH host key's public line.
    public func sshPublicLine(comment: String) throws -> String {
        try withPublicKey(.ed25519, VaultPath.ssh()) { try SSHKey($0, comment: comment).publicLine }
    }

    /// The SSH host key's private file, as OpenSSH reads it.
    ///
    /// - Parameter again: the seed of the phrase, given once more.
    /// - Throws: what every use of a private key throws, and `phrase_mismatch`.
    public func sshPrivateFile(
        comment: String, handle: VaultHandle?, confirming again: Seed
    ) async throws -> SecretBytes {
        try await withLeavingKey(.ed25519, VaultPath.ssh(), handle: handle, confirming: again) {
            try SSHKey($0, comment: comment).privateFile
        }
    }

    /// The nsec of Nostr account `n`.
    public func nostrPrivateKey(
        _ n: UInt32 = 0, handle: VaultHandle?, confirming again: Seed
    ) async throws -> SecretBytes {
        try await withLeavingKey(.secp256k1, VaultPath.nostr(n), handle: handle, confirming: again) {
            try NostrKey($0).nsec
        }
    }

    /// The 32 bytes of any key that is not the wallet's.
    ///
    /// - Throws: `wallet_path_private` as well for the steps that lead to a wallet's path.
    public func privateKey(
        _ curve: DerivedKeyCache.Curve, _ path: DerivationPath, handle: VaultHandle?, confirming again: Seed
    ) async throws -> SecretBytes {
        try await withLeavingKey(curve, path, handle: handle, confirming: again) { $0.privateKey }
    }
}

/// The X25519 pair that goes with a derived key.
enum EncryptionKey {
    static func pair(_ key: borrowing DerivedKey) throws(CryptoError) -> X25519.PrivateKey {
        try X25519.PrivateKey(HKDF.sha256(key.privateKey, salt: "", info: "kindred/x25519/v1", count: 32))
    }
}
