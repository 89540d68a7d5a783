public import KinIdentity
public import KinWire

/// Signing, for as long as the handle lives.
extension VaultService {
    /// The wallet's word. Dead once the vault locks: it then refuses with `vault_locked`, or with `handle_invalid` where
    /// another phrase was unlocked since.
    ///
    /// - Parameter account: 0 is the family's wallet.
    public func walletSigner(handle: VaultHandle, account: UInt32 = 0) async throws -> VaultWalletSigner {
        let address = try await withWallet(account: account, handle: handle) {
            WalletAddress(bytes: $0.privateKey.publicKey.bytes)
        }
        guard let address else {
            throw KinError("wallet_underivable", "no wallet follows from this account: take the next")
        }
        return VaultWalletSigner(address: address, account: account, service: self, handle: handle)
    }

    /// Nostr account `n`; dead once the vault locks.
    public func nostrSigner(_ n: UInt32 = 0, handle: VaultHandle) async throws -> VaultNostrSigner {
        let publicKey = try await withPrivateKey(.secp256k1, VaultPath.nostr(n), handle: handle) {
            try NostrKey($0).publicKey
        }
        return VaultNostrSigner(publicKey: publicKey, n: n, service: self, handle: handle)
    }

    /// Signs a person's message with an Ethereum account (EIP-191, `personal_sign`): 65 bytes.
    ///
    /// - Parameter path: nil is `m/44'/60'/0'/0/0`.
    public func ethereumSignature(
        over message: [UInt8], path: DerivationPath? = nil, handle: VaultHandle?
    ) async throws -> [UInt8] {
        try await withPrivateKey(.secp256k1, path ?? VaultPath.ethereum(), handle: handle) {
            try EthereumKey($0).personalSignature(over: message)
        }
    }
}

/// A wallet of an unlocked vault.
public struct VaultWalletSigner: WalletSigner {
    public let address: WalletAddress
    fileprivate let account: UInt32
    fileprivate let service: VaultService
    fileprivate let handle: VaultHandle

    public func signature(over bytes: [UInt8], domain: String) async throws -> [UInt8] {
        try Task.checkCancellation()
        return try await service.withWallet(account: account, handle: handle) {
            $0.privateKey.sign(bytes, domain: domain)
        }
    }
}

/// A Nostr key of an unlocked vault.
public struct VaultNostrSigner: NostrSigner {
    public let publicKey: [UInt8]
    fileprivate let n: UInt32
    fileprivate let service: VaultService
    fileprivate let handle: VaultHandle

    public func signature(over id: [UInt8]) async throws -> [UInt8] {
        try Task.checkCancellation()
        let key = try await service.withPrivateKey(.secp256k1, VaultPath.nostr(n), handle: handle) { try NostrKey($0) }
        return try await key.signature(over: id)
    }
}
