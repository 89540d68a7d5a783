/// What a vault is asked (docs/protocol/vault.md). The operation's name travels beside the body: in a route, or as a call.
public enum VaultRequest<Secret: WireSecret>: Sendable, Equatable {
    /// - mnemonic: the phrase as typed; passphrase: BIP39's.
    case unlock(mnemonic: Secret, passphrase: Secret?)
    case lock
    case status
    case deriveEd25519(path: String)
    case deriveEncryptionKey(path: String)
    /// A nil path is Ethereum's first.
    case deriveEthereumKey(path: String?)
    case deriveNostrKey(n: UInt32)
    case derivePassword(SitePasswordRequest)
    /// A nil version is the first.
    case encrypt(name: String, plaintext: Secret, keyVersion: Int64?)
    case decrypt(name: String, encrypted: EncryptedData)
    case rotate(name: String, encrypted: EncryptedData, keyVersion: Int64)
    case sshPublicKey(comment: String?)

    public var operation: VaultOperation {
        switch self {
        case .unlock: .unlock
        case .lock: .lock
        case .status: .status
        case .deriveEd25519: .deriveEd25519
        case .deriveEncryptionKey: .deriveEncryptionKey
        case .deriveEthereumKey: .deriveEthereumKey
        case .deriveNostrKey: .deriveNostrKey
        case .derivePassword: .derivePassword
        case .encrypt: .encrypt
        case .decrypt: .decrypt
        case .rotate: .rotate
        case .sshPublicKey: .sshPublicKey
        }
    }
}

/// The names of what a vault does.
public enum VaultOperation: String, Hashable, Sendable, CaseIterable {
    case unlock, lock, status
    case deriveEd25519 = "derive_ed25519"
    case deriveEncryptionKey = "derive_encryption_key"
    case deriveEthereumKey = "derive_ethereum_key"
    case deriveNostrKey = "derive_nostr_key"
    case derivePassword = "derive_password"
    case encrypt, decrypt, rotate
    case sshPublicKey = "ssh_public_key"

    /// Whether it uses a private key for the asker, and so takes the handle that unlocking gave.
    public var needsHandle: Bool {
        switch self {
        case .derivePassword, .encrypt, .decrypt, .rotate: true
        default: false
        }
    }
}

/// Bounds of the messages.
enum VaultLimits {
    static let maxBodyBytes = 256 << 10
    static let maxMnemonicBytes = 1024
    static let maxPassphraseBytes = 1024
    static let maxPathBytes = 256
    /// Names of credentials.
    static let maxNameBytes = 255
    static let maxCommentBytes = 255
}
