import CSecp256k1
import CSodium

/// Schnorr signatures (BIP-340), as Nostr uses them.
extension Secp256k1 {
    /// The x coordinate of the public key, 32 bytes: what BIP-340 calls the public key.
    ///
    /// - Throws: `secp256k1_key_invalid`.
    public static func xOnlyPublicKey(_ secret: SecretBytes) throws(CryptoError) -> [UInt8] {
        try withKeyPair(secret) { pair in
            let context = Secp256k1Context.shared.pointer
            var point = secp256k1_xonly_pubkey()
            _ = secp256k1_keypair_xonly_pub(context, &point, nil, &pair)
            var bytes = [UInt8](repeating: 0, count: 32)
            _ = secp256k1_xonly_pubkey_serialize(context, &bytes, &point)
            return bytes
        }
    }

    /// The 64 bytes of the signature over `message`.
    ///
    /// - Parameters:
    ///   - message: of any length; Nostr signs 32 bytes.
    ///   - auxiliary: 32 random bytes that guard against side channels; the signature is sound with any.
    /// - Throws: `secp256k1_key_invalid`.
    public static func schnorrSignature(
        over message: [UInt8], key: SecretBytes, auxiliary: [UInt8] = Random.bytes(32)
    ) throws(CryptoError) -> [UInt8] {
        precondition(auxiliary.count == 32, "BIP-340 takes 32 bytes of auxiliary randomness")
        return try withKeyPair(key) { pair in
            var signature = [UInt8](repeating: 0, count: 64)
            var auxiliary = auxiliary
            let signed = auxiliary.withUnsafeMutableBytes { auxiliary in
                // The magic of SECP256K1_SCHNORRSIG_EXTRAPARAMS_INIT, a macro that Swift does not see.
                var parameters = secp256k1_schnorrsig_extraparams(
                    magic: (0xda, 0x6f, 0xb3, 0x8c), noncefp: nil, ndata: auxiliary.baseAddress)
                return secp256k1_schnorrsig_sign_custom(
                    Secp256k1Context.shared.pointer, &signature, message, message.count, &pair, &parameters)
            }
            assert(signed == 1, "signing with a sound key does not fail")
            return signature
        }
    }

    /// Whether `signature` was made over `message` by the owner of the x-only key; false as well for one that is no key.
    public static func isValidSchnorr(signature: [UInt8], over message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard signature.count == 64, publicKey.count == 32 else { return false }
        let context = Secp256k1Context.shared.pointer
        var point = secp256k1_xonly_pubkey()
        return secp256k1_xonly_pubkey_parse(context, &point, publicKey) == 1
            && secp256k1_schnorrsig_verify(context, signature, message, message.count, &point) == 1
    }

    /// The pair holds the secret: it lives on the stack, and is erased.
    private static func withKeyPair<R>(
        _ secret: SecretBytes, _ body: (inout secp256k1_keypair) -> R
    ) throws(CryptoError) -> R {
        guard secret.count == secretCount else { throw invalidKey }
        var pair = secp256k1_keypair()
        defer { sodium_memzero(&pair, MemoryLayout.size(ofValue: pair)) }
        let isKey = secret.withBytes {
            secp256k1_keypair_create(Secp256k1Context.shared.pointer, &pair, $0.octets) == 1
        }
        guard isKey else { throw invalidKey }
        return body(&pair)
    }
}
