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
                    .required("mnemonic", .text(format: "kindred-phrase"), "The recovery phrase, at most 1,024 bytes."),
                    .optional("passphrase", .text, "BIP39's, where there is one; at most 1,024 bytes."),
                ])
        case .lock, .status: .object(name, [])
        case .deriveEd25519, .deriveEncryptionKey: .object(name, [.required("path", .hardenedPath)])
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
    fileprivate static let path = text(pattern: "m(?:/\(index)['h]?){0,21}").noted("A derivation path.")
    fileprivate static let hardenedPath = text(pattern: "m(?:/\(index)['h]){0,21}").noted(
        "A derivation path, every step hardened.")
    /// Below 2^31.
    private static let index =
        "(?:0|[1-9][0-9]{0,8}|1[0-9]{9}|20[0-9]{8}|21[0-3][0-9]{7}|214[0-6][0-9]{6}|2147[0-3][0-9]{5}|21474[0-7][0-9]{4}|214748[0-2][0-9]{3}|2147483[0-5][0-9]{2}|21474836[0-3][0-9]|214748364[0-7])"
    fileprivate static let credentialName = text(pattern: "[ -~]{1,255}")
    fileprivate static let keyVersion = integer(from: 1, to: 1 << 31)
    fileprivate static let base64 = base64("(?:[A-Za-z0-9+/]{4})*", orWhole: "")
    fileprivate static let encrypted = object(
        "EncryptedData",
        [
            .required(
                "data", base64("(?:[A-Za-z0-9+/]{4}){5,}", orWhole: "[A-Za-z0-9+/]{4}"),
                "Ciphertext, then the 16 bytes of the tag."),
            .required("iv", text(pattern: "[A-Za-z0-9+/]{16}"), "12 bytes."),
            .required("key_version", keyVersion),
            .required("salt", text(pattern: "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="), "32 bytes."),
        ])

    /// Base64 that begins so, and whose last group holds one byte, two, or `whole`.
    private static func base64(_ beginning: String, orWhole whole: String) -> Schema {
        text(pattern: "\(beginning)(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|\(whole))")
    }
}
