import KinWire

// The vault's messages (docs/protocol/vault.md). Their types are in KinWire, which other carriers share.

extension VaultOperation {
    /// The body that asks for it.
    public var requestSchema: Schema {
        let name = schemaName + "Request"
        return switch self {
        case .unlock:
            .object(
                name,
                [
                    .required("mnemonic", .text(longest: 1024), "The recovery phrase."),
                    .optional("passphrase", .text(longest: 1024), "BIP39's, where there is one."),
                ])
        case .lock, .status: .object(name, [])
        case .deriveEd25519, .deriveEncryptionKey: .object(name, [.required("path", .path)])
        case .deriveEthereumKey: .object(name, [.optional("path", .path, "Ethereum's first unless said.")])
        case .deriveNostrKey: .object(name, [.optional("n", .integer(to: 0x7fff_ffff))])
        case .derivePassword:
            .object(
                name,
                [
                    .required("site", .text(pattern: "[!-{}~](?:[ -{}~]{0,251}[!-{}~])?")),
                    .optional("length", .integer(from: 8, to: 128)),
                    .optional("counter", .integer(from: 1, to: 0x7fff_ffff)),
                    .optional(
                        "classes",
                        .list(
                            .one(of: SitePasswordRequest.CharacterClass.self), atMost: 4, atLeast: 1, isDistinct: true)
                    ),
                ])
        case .encrypt:
            .object(
                name,
                [
                    .required("name", .credentialName),
                    .required("plaintext", .base64, "At most 65,536 bytes, in base64."),
                    .optional("key_version", .keyVersion),
                ])
        case .decrypt: .object(name, [.required("name", .credentialName), .required("encrypted", .encrypted)])
        case .rotate:
            .object(
                name,
                [
                    .required("name", .credentialName), .required("encrypted", .encrypted),
                    .required("key_version", .keyVersion),
                ])
        case .sshPublicKey: .object(name, [.optional("comment", .text(pattern: "[ -~]{0,255}"))])
        }
    }

    /// The body that answers it.
    public var answerSchema: Schema {
        let name = schemaName + "Answer"
        return switch self {
        case .unlock:
            .object(
                name,
                [
                    .required("address", .wallet),
                    .required("handle", .text, "Whoever holds it may use the private keys until the vault locks."),
                ])
        case .lock: .object(name, [])
        case .status:
            .object(
                name,
                [
                    .required("locked", .bool), .required("address", Schema.wallet.orNull),
                    .required("locks_at", Schema.time.orNull),
                ])
        case .deriveEd25519, .deriveEncryptionKey:
            .object(name, [.required("path", .path), .required("public_key", .hex(32))])
        case .deriveEthereumKey:
            .object(
                name, [.required("path", .path), .required("public_key", .hex(65)), .required("address", .text)])
        case .deriveNostrKey:
            .object(
                name,
                [
                    .required("n", .integer(to: 0x7fff_ffff)), .required("public_key", .hex(32)),
                    .required("npub", .text),
                ])
        case .derivePassword: .object(name, [.required("password", .text)])
        case .encrypt, .rotate: .object(name, [.required("encrypted", .encrypted)])
        case .decrypt: .object(name, [.required("plaintext", .base64)])
        case .sshPublicKey: .object(name, [.required("public_key", .text)])
        }
    }

    /// `derive_ed25519` gives `VaultDeriveEd25519`.
    private var schemaName: String {
        "Vault" + rawValue.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}

extension Schema {
    fileprivate static let path = text(longest: 256).noted("A derivation path.")
    fileprivate static let credentialName = text(pattern: "[ -~]{1,255}")
    fileprivate static let keyVersion = integer(from: 1, to: 1 << 31)
    fileprivate static let base64 = text(pattern: "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
    fileprivate static let encrypted = object(
        "EncryptedData",
        [
            .required("data", base64, "Ciphertext, then the 16 bytes of the tag."),
            .required("iv", base64, "12 bytes."),
            .required("key_version", keyVersion), .required("salt", base64, "32 bytes."),
        ])
}
