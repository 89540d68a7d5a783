import KinCrypto
import KinEncoding
import KinIdentity
import KinWire

/// `vault.sealed`: a phrase's entropy under a passphrase, for whoever chose to keep it on disk
/// (docs/protocol/vault.md, "The sealed vault").
public struct SealedVault: Hashable, Sendable {
    private static let version: Int64 = 1
    /// More than any such file.
    private static let maxBytes = 1024
    private static let needsPassphraseFlag: UInt8 = 1

    private let parameters: Argon2id.Parameters
    private let salt: [UInt8]
    private let nonce: [UInt8]
    private let box: [UInt8]

    /// What a sealed vault holds.
    public struct Contents: Sendable {
        public let phrase: Phrase
        /// Whether the wallet also takes a BIP39 passphrase, which is not in the file.
        public let needsPassphrase: Bool
    }

    /// Takes about a second, by design.
    ///
    /// - Parameters:
    ///   - passphrase: of the file, UTF-8; it counts in Unicode's NFKD, as BIP39's does.
    ///   - needsPassphrase: whether the wallet also takes a BIP39 passphrase.
    /// - Throws: `vault_passphrase_empty`, `argon2id_memory`.
    public init(
        sealing phrase: Phrase, needsPassphrase: Bool, under passphrase: SecretBytes,
        parameters: Argon2id.Parameters = .moderate
    ) throws(KinError) {
        guard passphrase.count > 0 else {
            throw KinError(
                "vault_passphrase_empty", "a vault is not sealed under an empty passphrase", category: .usage)
        }
        self.parameters = parameters
        salt = Random.bytes(Argon2id.saltCount)
        nonce = Random.bytes(SecretBox.nonceCount)
        let key = try Self.key(passphrase, salt: salt, parameters: parameters)
        let contents = SecretBytes(count: 1 + phrase.entropy.count) { contents in
            contents[0] = needsPassphrase ? Self.needsPassphraseFlag : 0
            phrase.entropy.withBytes {
                UnsafeMutableRawBufferPointer(rebasing: contents[1...]).copyMemory(from: $0)
            }
        }
        box = SecretBox.seal(contents, nonce: nonce, key: key)
    }

    /// Takes about a second, by design, whether the passphrase is right or not.
    ///
    /// - Throws: `vault_passphrase_wrong`, the same for a wrong passphrase and for changed bytes; `argon2id_memory`.
    public func open(_ passphrase: SecretBytes) throws(KinError) -> Contents {
        let key = try Self.key(passphrase, salt: salt, parameters: parameters)
        guard let contents = SecretBox.open(box, nonce: nonce, key: key), contents.count > 1,
            case let flags = contents.withBytes({ $0[0] }), flags <= Self.needsPassphraseFlag,
            let phrase = try? Phrase(entropy: contents.withBytes { SecretBytes(copying: $0.dropFirst()) })
        else {
            throw KinError(
                "vault_passphrase_wrong", "this passphrase does not open the sealed vault, or the file was changed",
                category: .refused)
        }
        return Contents(phrase: phrase, needsPassphrase: flags == Self.needsPassphraseFlag)
    }

    private static func key(
        _ passphrase: SecretBytes, salt: [UInt8], parameters: Argon2id.Parameters
    ) throws(KinError) -> SecretBytes {
        do {
            return try Argon2id.derive(
                passphrase.compatibilityDecomposed, salt: salt, parameters: parameters, count: SecretBox.keyCount)
        } catch {
            throw KinError(error.code, error.message, category: .exhausted, retryable: true)
        }
    }
}

// MARK: - The file

extension SealedVault {
    /// - Throws: `vault_newer` for a version this build does not know, `vault_damaged` for anything else that is not
    ///   such a file whole.
    public init(bytes: [UInt8]) throws(KinError) {
        guard bytes.count <= Self.maxBytes, let json = try? JSON.parse(bytes), case .object(let members) = json,
            case .integer(let version)? = members["v"], version >= 1
        else { throw .vaultDamaged }
        guard version == Self.version else {
            throw KinError(
                "vault_newer", "the sealed vault was written by a newer version of kin: update this one",
                category: .conflict)
        }
        guard let vault = try? SealedVault(json: json) else { throw .vaultDamaged }
        self = vault
    }

    private init(json: JSON) throws {
        var fields = try Fields(json, in: "vault.sealed")
        try fields.version()
        guard try fields.string("kdf", maxBytes: 16) == "argon2id",
            let parameters = Argon2id.Parameters(
                operations: Int(try fields.integer("operations")), memory: Int(try fields.integer("memory")))
        else { throw KinError.vaultDamaged }
        self.parameters = parameters
        salt = try Base64.decode(fields.string("salt", maxBytes: 64))
        nonce = try Base64.decode(fields.string("nonce", maxBytes: 64))
        box = try Base64.decode(fields.string("box", maxBytes: 128))
        try fields.end()
        let lengths = [16, 20, 24, 28, 32].map { SecretBox.overhead + 1 + $0 }
        guard salt.count == Argon2id.saltCount, nonce.count == SecretBox.nonceCount, lengths.contains(box.count) else {
            throw KinError.vaultDamaged
        }
    }

    /// Canonical JSON and a line feed.
    public var bytes: [UInt8] {
        JSON.object([
            "v": .integer(Self.version), "kdf": .string("argon2id"),
            "operations": .integer(Int64(parameters.operations)), "memory": .integer(Int64(parameters.memory)),
            "salt": .string(Base64.encode(salt)), "nonce": .string(Base64.encode(nonce)),
            "box": .string(Base64.encode(box)),
        ]).canonicalBytes() + [0x0a]
    }

    /// Reads `vault.sealed`; nil where there is none.
    public init?(reading path: String) throws {
        guard let bytes = try StateFolder.readSecret(path, limit: Self.maxBytes) else { return nil }
        try self.init(bytes: bytes.withBytes { Array($0) })
    }

    /// Replaces the file (0600).
    public func write(to path: String) throws { try StateFolder.write(bytes, to: path, mode: 0o600) }
}

extension KinError {
    fileprivate static let vaultDamaged = KinError(
        "vault_damaged", "the sealed vault is truncated or damaged: make it again from the phrase, with kin wallet seal"
    )
}
