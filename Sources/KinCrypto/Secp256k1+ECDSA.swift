import CSecp256k1

extension Secp256k1 {
    /// An ECDSA signature from which the signer's public key can be computed (SEC 1, 4.1.6), as Ethereum uses them.
    public struct RecoverableSignature: Hashable, Sendable {
        /// r and s, 32 bytes each, big-endian; s is in the lower half (BIP-62).
        public let bytes: [UInt8]
        /// 0 to 3: which of the keys that fit is the signer's.
        public let recoveryID: UInt8

        /// - Throws: `secp256k1_signature_invalid` unless there are 64 bytes and an id of 0 to 3.
        public init(bytes: [UInt8], recoveryID: UInt8) throws(CryptoError) {
            guard bytes.count == 64, recoveryID < 4 else { throw Secp256k1.invalidSignature }
            self.bytes = bytes
            self.recoveryID = recoveryID
        }
    }

    /// Signs a digest of 32 bytes, with the nonce of RFC 6979: the same signature each time.
    ///
    /// - Throws: `secp256k1_key_invalid`, `secp256k1_digest_length`.
    public static func recoverableSignature(
        over digest: [UInt8], key: SecretBytes
    ) throws(CryptoError) -> RecoverableSignature {
        try checkDigest(digest)
        guard key.count == secretCount else { throw invalidKey }
        let context = Secp256k1Context.shared.pointer
        var signature = secp256k1_ecdsa_recoverable_signature()
        let signed = key.withBytes {
            secp256k1_ecdsa_sign_recoverable(context, &signature, digest, $0.octets, nil, nil)
        }
        guard signed == 1 else { throw invalidKey }
        var recoveryID: Int32 = 0
        var bytes = [UInt8](repeating: 0, count: 64)
        secp256k1_ecdsa_recoverable_signature_serialize_compact(context, &bytes, &recoveryID, &signature)
        return try RecoverableSignature(bytes: bytes, recoveryID: UInt8(truncatingIfNeeded: recoveryID))
    }

    /// The 65 bytes of the public key that made `signature` over a digest of 32 bytes.
    ///
    /// - Throws: `secp256k1_signature_invalid`, `secp256k1_digest_length`.
    public static func publicKey(
        recoveredFrom signature: RecoverableSignature, over digest: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try checkDigest(digest)
        let context = Secp256k1Context.shared.pointer
        var parsed = secp256k1_ecdsa_recoverable_signature()
        var point = secp256k1_pubkey()
        guard
            secp256k1_ecdsa_recoverable_signature_parse_compact(
                context, &parsed, signature.bytes, Int32(signature.recoveryID)) == 1,
            secp256k1_ecdsa_recover(context, &point, &parsed, digest) == 1
        else { throw invalidSignature }
        return uncompressed(point)
    }

    private static func checkDigest(_ digest: [UInt8]) throws(CryptoError) {
        guard digest.count == 32 else {
            throw CryptoError(code: "secp256k1_digest_length", message: "what is signed is a digest of 32 bytes")
        }
    }

    fileprivate static let invalidSignature = CryptoError(
        code: "secp256k1_signature_invalid", message: "this is no recoverable signature of secp256k1")
}
