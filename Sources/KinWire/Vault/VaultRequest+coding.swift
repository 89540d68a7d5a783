import KinEncoding

extension VaultRequest {
    /// Reads the body of `operation`: a JSON object with exactly its members.
    ///
    /// Secret members go from `body` into `Secret` and nowhere else; erasing `body` is its owner's.
    public init(_ operation: VaultOperation, body: UnsafeRawBufferPointer) throws(WireError) {
        var fields = try SecretFields<Secret>(
            body, secret: Self.secretMembers(of: operation), in: operation.rawValue,
            maxBytes: VaultLimits.maxBodyBytes)
        self = try Self.read(operation, &fields)
        try fields.open.end()
    }

    /// The same for bytes that are ordinary already.
    public init(_ operation: VaultOperation, body: [UInt8]) throws(WireError) {
        self = try body.withUnsafeBufferPointer { (body) throws(WireError) in
            try Self(operation, body: UnsafeRawBufferPointer(body))
        }
    }

    private static func secretMembers(of operation: VaultOperation) -> Set<String> {
        switch operation {
        case .unlock: ["mnemonic", "passphrase"]
        case .encrypt: ["plaintext"]
        default: []
        }
    }

    private static func read(
        _ operation: VaultOperation, _ fields: inout SecretFields<Secret>
    ) throws(WireError) -> VaultRequest {
        switch operation {
        case .unlock:
            .unlock(
                mnemonic: try fields.text("mnemonic", maxBytes: VaultLimits.maxMnemonicBytes),
                passphrase: try fields.optionalText("passphrase", maxBytes: VaultLimits.maxPassphraseBytes))
        case .lock: .lock
        case .status: .status
        case .deriveEd25519: .deriveEd25519(path: try fields.open.path())
        case .deriveEncryptionKey: .deriveEncryptionKey(path: try fields.open.path())
        case .deriveEthereumKey: .deriveEthereumKey(path: fields.open.has("path") ? try fields.open.path() : nil)
        case .deriveNostrKey: .deriveNostrKey(n: try fields.open.nostrIndex())
        case .derivePassword: .derivePassword(try SitePasswordRequest(&fields.open))
        case .encrypt:
            .encrypt(
                name: try fields.open.credentialName(),
                plaintext: try fields.base64("plaintext", maxBytes: EncryptedData.maxPlaintextBytes),
                keyVersion: fields.open.has("key_version") ? try fields.open.keyVersion() : nil)
        case .decrypt:
            .decrypt(name: try fields.open.credentialName(), encrypted: try fields.open.encrypted())
        case .rotate:
            .rotate(
                name: try fields.open.credentialName(), encrypted: try fields.open.encrypted(),
                keyVersion: try fields.open.keyVersion())
        case .sshPublicKey: .sshPublicKey(comment: fields.open.has("comment") ? try fields.open.comment() : nil)
        }
    }

    /// The body in canonical form.
    public func encodedBody() -> Secret {
        switch self {
        case .unlock(let mnemonic, let passphrase):
            SecretObject().adding(text: mnemonic, as: "mnemonic").adding(text: passphrase, as: "passphrase").encoded()
        case .lock, .status: SecretObject().encoded()
        case .deriveEd25519(let path), .deriveEncryptionKey(let path):
            SecretObject(["path": .string(path)]).encoded()
        case .deriveEthereumKey(let path):
            SecretObject([:].adding("path", path) { .string($0) }).encoded()
        case .deriveNostrKey(let n): SecretObject(["n": .integer(Int64(n))]).encoded()
        case .derivePassword(let request): SecretObject(request.members).encoded()
        case .encrypt(let name, let plaintext, let version):
            SecretObject(["name": .string(name)].adding("key_version", version) { .integer($0) })
                .adding(base64: plaintext, as: "plaintext").encoded()
        case .decrypt(let name, let encrypted):
            SecretObject(["name": .string(name), "encrypted": encrypted.json]).encoded()
        case .rotate(let name, let encrypted, let version):
            SecretObject(["name": .string(name), "encrypted": encrypted.json, "key_version": .integer(version)])
                .encoded()
        case .sshPublicKey(let comment):
            SecretObject([:].adding("comment", comment) { .string($0) }).encoded()
        }
    }
}

extension Fields {
    /// A derivation path; its form is the vault's to judge.
    mutating func path() throws(WireError) -> String { try string("path", maxBytes: VaultLimits.maxPathBytes) }

    mutating func nostrIndex() throws(WireError) -> UInt32 {
        has("n") ? UInt32(try integer("n", to: 0x7fff_ffff)) : 0
    }

    mutating func credentialName() throws(WireError) -> String {
        try parsed("name", maxBytes: VaultLimits.maxNameBytes, as: "1 to 255 bytes without control characters") {
            CredentialName.isValid($0) ? $0 : nil
        }
    }

    mutating func comment() throws(WireError) -> String {
        try parsed("comment", maxBytes: VaultLimits.maxCommentBytes, as: "at most 255 bytes on one line") {
            $0.unicodeScalars.allSatisfy { !CredentialName.isControl($0) } ? $0 : nil
        }
    }

    mutating func encrypted() throws(WireError) -> EncryptedData { try EncryptedData(json: try take("encrypted")) }
}

/// What a credential may be called: 1 to 255 bytes of UTF-8 without control characters.
public enum CredentialName {
    public static func isValid(_ name: String) -> Bool {
        1...VaultLimits.maxNameBytes ~= name.utf8.count && name.unicodeScalars.allSatisfy { !isControl($0) }
    }

    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || 0x7f...0x9f ~= scalar.value || scalar.value == 0x2028 || scalar.value == 0x2029
    }
}
