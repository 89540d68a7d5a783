import CSecp256k1

/// Keys on the curve secp256k1 (SEC 2), as BIP32 derives them.
public enum Secp256k1 {
    private static let secretCount = 32
    private static let compressedCount = 33

    /// Whether the secret is a number from 1 to the group's order less one, in 32 bytes, big-endian.
    public static func isValid(_ secret: SecretBytes) -> Bool {
        guard secret.count == secretCount else { return false }
        return secret.withBytes { secp256k1_ec_seckey_verify(Secp256k1Context.shared.pointer, $0.octets) == 1 }
    }

    /// The public key in 33 bytes, compressed.
    ///
    /// - Throws: `secp256k1_key_invalid`.
    public static func publicKey(_ secret: SecretBytes) throws(CryptoError) -> [UInt8] {
        guard secret.count == secretCount else { throw invalidKey }
        let context = Secp256k1Context.shared.pointer
        var point = secp256k1_pubkey()
        guard secret.withBytes({ secp256k1_ec_pubkey_create(context, &point, $0.octets) }) == 1 else {
            throw invalidKey
        }
        return [UInt8](unsafeUninitializedCapacity: compressedCount) { output, initialized in
            initialized = compressedCount
            let flags = UInt32(SECP256K1_FLAGS_TYPE_COMPRESSION | SECP256K1_FLAGS_BIT_COMPRESSION)
            secp256k1_ec_pubkey_serialize(context, output.octets, &initialized, &point, flags)
        }
    }

    /// The sum of two secrets modulo the group's order, which is BIP32's step to a child.
    ///
    /// - Throws: `secp256k1_key_invalid` where `secret` is no key, `tweak` is not below the order, or the sum is 0.
    public static func add(_ secret: SecretBytes, tweak: SecretBytes) throws(CryptoError) -> SecretBytes {
        guard secret.count == secretCount, tweak.count == secretCount else { throw invalidKey }
        var added = false
        let sum = SecretBytes(count: secretCount) { sum in
            secret.withBytes { sum.copyMemory(from: $0) }
            added = tweak.withBytes {
                secp256k1_ec_seckey_tweak_add(Secp256k1Context.shared.pointer, sum.octets, $0.octets) == 1
            }
        }
        guard added else { throw invalidKey }
        return sum
    }

    private static let invalidKey = CryptoError(
        code: "secp256k1_key_invalid",
        message: "a secp256k1 key is a number of 32 bytes, not 0, below the group's order")
}
