import KinCrypto

/// Key derivation from a seed (SLIP-0010; for secp256k1 the same as BIP32).
public enum SLIP10 {
    /// The Ed25519 key at `path`, whose steps must all be hardened.
    ///
    /// - Parameter seed: 16 to 64 bytes; a phrase's has 64.
    /// - Throws: `derivation_not_hardened` or `derivation_seed_length`.
    public static func ed25519(seed: SecretBytes, path: DerivationPath) throws(DerivationError) -> DerivedKey {
        guard path.steps.allSatisfy(\.isHardened) else {
            throw DerivationError(
                code: "derivation_not_hardened", message: "Ed25519 keys have hardened steps only: write ' after each")
        }
        try check(seed)
        // Keys on the way live for microseconds: the stack, erased, spares each a guarded region of its own.
        return withErasedBytes(count: HMAC.sha512Count + messageCount) { scratch in
            let node = UnsafeMutableRawBufferPointer(rebasing: scratch[..<HMAC.sha512Count])
            let message = UnsafeMutableRawBufferPointer(rebasing: scratch[HMAC.sha512Count...])
            Array("ed25519 seed".utf8).withUnsafeBytes { label in
                seed.withBytes { HMAC.sha512(key: label, $0, into: node) }
            }
            for step in path.steps {
                message[0] = 0
                UnsafeMutableRawBufferPointer(rebasing: message[1...32]).copyBytes(from: node[..<32])
                UnsafeMutableRawBufferPointer(rebasing: message[33...]).copyBytes(from: step.encoded)
                HMAC.sha512(
                    key: UnsafeRawBufferPointer(rebasing: node[32...]), UnsafeRawBufferPointer(message), into: node)
            }
            return DerivedKey(
                privateKey: SecretBytes(copying: node[..<32]), chainCode: SecretBytes(copying: node[32...]))
        }
    }

    /// A zero byte, a private key, a step.
    private static let messageCount = 37

    /// The secp256k1 key at `path`.
    ///
    /// - Parameter seed: 16 to 64 bytes; a phrase's has 64.
    /// - Throws: `derivation_seed_length` or `derivation_no_key`.
    public static func secp256k1(seed: SecretBytes, path: DerivationPath) throws(DerivationError) -> DerivedKey {
        var key = DerivedKey(try master(label: "Bitcoin seed", seed: seed))
        do {
            guard Secp256k1.isValid(key.privateKey) else { throw noKey }
            for step in path.steps {
                let message =
                    step.isHardened
                    ? hardenedMessage(key.privateKey, step)
                    : SecretBytes(copying: try Secp256k1.publicKey(key.privateKey) + step.encoded)
                let hash = DerivedKey(HMAC.sha512(key: key.chainCode, message))
                let sum = try Secp256k1.add(key.privateKey, tweak: hash.privateKey)
                key = DerivedKey(privateKey: sum, chainCode: hash.chainCode)
            }
        } catch {
            throw noKey
        }
        return key
    }

    private static func check(_ seed: SecretBytes) throws(DerivationError) {
        guard 16...64 ~= seed.count else {
            throw DerivationError(code: "derivation_seed_length", message: "a seed has 16 to 64 bytes")
        }
    }

    private static func master(label: String, seed: SecretBytes) throws(DerivationError) -> SecretBytes {
        try check(seed)
        return HMAC.sha512(key: SecretBytes(copying: Array(label.utf8)), seed)
    }

    /// A zero byte, the private key, the step.
    private static func hardenedMessage(_ privateKey: SecretBytes, _ step: DerivationPath.Step) -> SecretBytes {
        let encoded = step.encoded
        return SecretBytes(count: 1 + privateKey.count + encoded.count) { message in
            privateKey.withBytes { UnsafeMutableRawBufferPointer(rebasing: message[1...]).copyMemory(from: $0) }
            UnsafeMutableRawBufferPointer(rebasing: message[(1 + privateKey.count)...]).copyBytes(from: encoded)
        }
    }

    private static let noKey = DerivationError(
        code: "derivation_no_key", message: "this path leads to no key; take the next index")
}
