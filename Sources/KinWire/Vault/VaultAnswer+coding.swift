import KinEncoding

extension VaultAnswer {
    /// Reads the answer to `operation`.
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
        case .unlock: ["handle"]
        case .derivePassword: ["password"]
        case .decrypt: ["plaintext"]
        default: []
        }
    }

    private static func read(
        _ operation: VaultOperation, _ fields: inout SecretFields<Secret>
    ) throws(WireError) -> VaultAnswer {
        switch operation {
        case .unlock:
            .unlocked(
                address: try fields.open.walletAddress("address"), handle: try fields.text("handle", maxBytes: 64))
        case .lock: .locked
        case .status: .status(try VaultStatus(&fields.open))
        case .deriveEd25519, .deriveEncryptionKey:
            .publicKey(path: try fields.open.path(), bytes: try fields.open.hex("public_key", bytes: 32))
        case .deriveEthereumKey:
            .ethereumKey(
                path: try fields.open.path(), publicKey: try fields.open.hex("public_key", bytes: 65),
                address: try fields.open.string("address", maxBytes: 42))
        case .deriveNostrKey:
            .nostrKey(
                n: try fields.open.nostrIndex(), publicKey: try fields.open.hex("public_key", bytes: 32),
                npub: try fields.open.string("npub", maxBytes: 90))
        case .derivePassword: .password(try fields.text("password", maxBytes: 128))
        case .encrypt, .rotate: .encrypted(try fields.open.encrypted())
        case .decrypt:
            .plaintext(try fields.base64("plaintext", maxBytes: EncryptedData.maxPlaintextBytes))
        case .sshPublicKey: .sshPublicKey(try fields.open.string("public_key", maxBytes: 1024))
        }
    }

    /// The body in canonical form.
    public func encodedBody() -> Secret {
        switch self {
        case .unlocked(let address, let handle):
            SecretObject(["address": .text(address)]).adding(text: handle, as: "handle").encoded()
        case .locked: SecretObject().encoded()
        case .status(let status): SecretObject(status.members).encoded()
        case .publicKey(let path, let bytes):
            SecretObject(["path": .string(path), "public_key": .hex(bytes)]).encoded()
        case .ethereumKey(let path, let publicKey, let address):
            SecretObject(["path": .string(path), "public_key": .hex(publicKey), "address": .string(address)]).encoded()
        case .nostrKey(let n, let publicKey, let npub):
            SecretObject(["n": .integer(Int64(n)), "public_key": .hex(publicKey), "npub": .string(npub)]).encoded()
        case .password(let password): SecretObject().adding(text: password, as: "password").encoded()
        case .encrypted(let encrypted): SecretObject(["encrypted": encrypted.json]).encoded()
        case .plaintext(let plaintext): SecretObject().adding(base64: plaintext, as: "plaintext").encoded()
        case .sshPublicKey(let line): SecretObject(["public_key": .string(line)]).encoded()
        }
    }
}

extension VaultStatus {
    init(_ fields: inout Fields) throws(WireError) {
        let isLocked = try fields.bool("locked")
        address = try fields.nullable("address") { fields, name throws(WireError) in try fields.walletAddress(name) }
        locksAt = try fields.nullable("locks_at") { fields, name throws(WireError) in try fields.time(name) }
        guard isLocked == (address == nil) else {
            throw fields.refusal("address", "must be there exactly while unlocked")
        }
    }

    var members: [String: JSON] {
        [
            "locked": .bool(isLocked), "address": .orNull(address) { .text($0) },
            "locks_at": .orNull(locksAt) { .integer($0) },
        ]
    }
}

extension Fields {
    package mutating func walletAddress(_ name: String) throws(WireError) -> WalletAddress {
        try parsed(name, as: "a wallet address") { WalletAddress($0) }
    }
}
