import KinCrypto
import KinWire

/// Where each key of a phrase is (docs/protocol/vault.md, "Paths").
public enum VaultPath {
    /// `m/44'/501'/account'/0'`: a wallet, Ed25519, where Solana wallets look for it; 0 is the family's.
    public static func wallet(account: UInt32 = 0) throws(DerivationError) -> DerivationPath {
        try DerivationPath(hardened: [44, 501, account, 0])
    }

    /// `m/74'/0'/0'/n'`: a device identity, Ed25519; 0 is the primary one.
    public static func deviceIdentity(_ n: UInt32 = 0) throws(DerivationError) -> DerivationPath {
        try DerivationPath(hardened: [74, 0, 0, n])
    }

    /// `m/74'/0'/1'/0'`: the SSH host key, Ed25519.
    public static func ssh() throws(DerivationError) -> DerivationPath {
        try DerivationPath(hardened: [74, 0, 1, 0])
    }

    /// `m/74'/1'/0'/{site}'`, `{site}` being the first 31 bits of SHA-256 of the site as it is hashed. Two sites may
    /// share one path; their passwords differ all the same.
    public static func site(_ request: SitePasswordRequest) throws(DerivationError) -> DerivationPath {
        let first = Digest.sha256(Array(request.site.utf8)).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        return try DerivationPath(hardened: [74, 1, 0, first >> 1])
    }

    /// `m/74'/2'/0'/{version-1}'`: what credentials of that version are sealed under.
    ///
    /// - Parameter version: 1 is the first.
    /// - Throws: `derivation_path_invalid` below 1 or above 2^31.
    public static func credential(version: Int64) throws(DerivationError) -> DerivationPath {
        guard let index = UInt32(exactly: version - 1) else {
            throw DerivationError(code: "derivation_path_invalid", message: "a key version is 1 to 2147483648")
        }
        return try DerivationPath(hardened: [74, 2, 0, index])
    }

    /// `m/44'/60'/0'/0/0`: Ethereum, secp256k1 (BIP44).
    public static func ethereum() throws(DerivationError) -> DerivationPath { try DerivationPath("m/44'/60'/0'/0/0") }

    /// `m/44'/1237'/n'/0/0`: Nostr, secp256k1 (NIP-06).
    public static func nostr(_ n: UInt32 = 0) throws(DerivationError) -> DerivationPath {
        try DerivationPath("m/44'/1237'/\(n)'/0/0")
    }
}

extension DerivationPath {
    private static let walletStart = [UInt32(44), 501]

    /// Whether a wallet's key is here, below or above: whatever begins `m/44'/501'`, and the steps that lead there.
    var reachesWallet: Bool { zip(steps, Self.walletStart).allSatisfy { $0.isHardened && $0.index == $1 } }

    /// Whether this is a wallet's own path.
    var isWallet: Bool { reachesWallet && steps.count >= Self.walletStart.count }
}
