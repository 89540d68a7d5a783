import CSecp256k1

/// Keys on the curve secp256k1 (SEC 2), as BIP32 derives them.
public enum Secp256k1 {
    static let secretCount = 32
    private static let compressedCount = 33
    private static let uncompressedCount = 65

    /// Whether the secret is a number from 1 to the group's order less one, in 32 bytes, big-endian.
    public static func isValid(_ secret: SecretBytes) -> Bool {
        guard secret.count == secretCount else { return false }
        return secret.withBytes { secp256k1_ec_seckey_verify(Secp256k1Context.shared.pointer, $0.octets) == 1 }
    }

    /// The public key in 33 bytes, compressed.
    ///
    /// - Throws: `secp256k1_key_invalid`.
    public static func publicKey(_ secret: SecretBytes) throws(CryptoError) -> [UInt8] {
        let flags = UInt32(SECP256K1_FLAGS_TYPE_COMPRESSION | SECP256K1_FLAGS_BIT_COMPRESSION)
        return serialized(try point(secret), count: compressedCount, flags: flags)
    }

    /// The public key in 65 bytes: 0x04, then both coordinates.
    ///
    /// - Throws: `secp256k1_key_invalid`.
    public static func uncompressedPublicKey(_ secret: SecretBytes) throws(CryptoError) -> [UInt8] {
        uncompressed(try point(secret))
    }

    static func uncompressed(_ point: secp256k1_pubkey) -> [UInt8] {
        serialized(point, count: uncompressedCount, flags: UInt32(SECP256K1_FLAGS_TYPE_COMPRESSION))
    }

    private static func point(_ secret: SecretBytes) throws(CryptoError) -> secp256k1_pubkey {
        guard secret.count == secretCount else { throw invalidKey }
        let context = Secp256k1Context.shared.pointer
        var point = secp256k1_pubkey()
        guard secret.withBytes({ secp256k1_ec_pubkey_create(context, &point, $0.octets) }) == 1 else {
            throw invalidKey
        }
        return point
    }

    private static func serialized(_ point: secp256k1_pubkey, count: Int, flags: UInt32) -> [UInt8] {
        var point = point
        return [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            initialized = count
            secp256k1_ec_pubkey_serialize(
                Secp256k1Context.shared.pointer, output.octets, &initialized, &point, flags)
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

    static let invalidKey = CryptoError(
        code: "secp256k1_key_invalid",
        message: "a secp256k1 key is a number of 32 bytes, not 0, below the group's order")
}
