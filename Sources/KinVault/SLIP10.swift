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
        var key = DerivedKey(try master(label: "ed25519 seed", seed: seed))
        for step in path.steps {
            key = DerivedKey(HMAC.sha512(key: key.chainCode, hardenedMessage(key.privateKey, step)))
        }
        return key
    }

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

    private static func master(label: String, seed: SecretBytes) throws(DerivationError) -> SecretBytes {
        guard 16...64 ~= seed.count else {
            throw DerivationError(code: "derivation_seed_length", message: "a seed has 16 to 64 bytes")
        }
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
