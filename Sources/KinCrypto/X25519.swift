import CSodium

/// Curve25519 keys for agreeing on secrets (RFC 7748).
public enum X25519 {
    /// A public key in canonical form and not of small order.
    public struct PublicKey: Hashable, Sendable {
        /// The 32 bytes.
        public let bytes: [UInt8]

        /// - Throws: `x25519_key_length`, or `x25519_key_invalid` for a number of 2^255 − 19 or more, or a point of
        ///   small order, with which every agreement would end in the same known secret.
        public init(_ bytes: some Collection<UInt8>) throws(CryptoError) {
            let bytes = Array(bytes)
            guard bytes.count == Int(crypto_box_PUBLICKEYBYTES) else {
                throw CryptoError(code: "x25519_key_length", message: "an X25519 public key has 32 bytes")
            }
            guard Self.isCanonical(bytes), !Self.hasSmallOrder(bytes) else {
                throw CryptoError(
                    code: "x25519_key_invalid", message: "this is not the canonical form of a safe X25519 public key")
            }
            self.bytes = bytes
        }

        /// The key of a pair that libsodium just made.
        init(trusted bytes: [UInt8]) {
            self.bytes = bytes
        }

        /// Whether the little-endian number is below 2^255 − 19.
        private static func isCanonical(_ bytes: [UInt8]) -> Bool {
            guard bytes[31] == 0x7f, bytes[1..<31].allSatisfy({ $0 == 0xff }) else { return bytes[31] < 0x80 }
            return bytes[0] < 0xed
        }

        /// libsodium refuses a product of zero, which points of small order, and only they, have with every scalar.
        private static func hasSmallOrder(_ bytes: [UInt8]) -> Bool {
            _ = Sodium.ready
            let scalar = [UInt8](repeating: 0, count: Int(crypto_scalarmult_SCALARBYTES))
            var product = [UInt8](repeating: 0, count: Int(crypto_scalarmult_BYTES))
            return crypto_scalarmult(&product, scalar, bytes) != 0
        }
    }

    /// A private key, in guarded memory from first to last.
    public struct PrivateKey: Sendable {
        public let publicKey: PublicKey
        /// The 32 bytes.
        public let secret: SecretBytes

        /// - Throws: `x25519_key_length` unless there are 32 bytes; any 32 will do.
        public init(_ secret: SecretBytes) throws(CryptoError) {
            guard secret.count == Int(crypto_box_SECRETKEYBYTES) else {
                throw CryptoError(code: "x25519_key_length", message: "an X25519 private key has 32 bytes")
            }
            self.init(checked: secret)
        }

        /// A fresh key.
        public static func random() -> PrivateKey {
            PrivateKey(checked: .random(count: Int(crypto_box_SECRETKEYBYTES)))
        }

        /// The 32 bytes that both sides compute alike (RFC 7748, section 6.1): input for a key derivation, not yet a key.
        ///
        /// - Throws: `x25519_key_invalid` where the product is zero, which a checked public key never gives.
        public func agreement(with other: PublicKey) throws(CryptoError) -> SecretBytes {
            try SecretBytes(count: Int(crypto_scalarmult_BYTES)) { (product) throws(CryptoError) in
                let result = secret.withBytes { crypto_scalarmult(product.octets, $0.octets, other.bytes) }
                guard result == 0 else {
                    throw CryptoError(
                        code: "x25519_key_invalid", message: "no secret can be agreed on with this public key")
                }
            }
        }

        private init(checked secret: SecretBytes) {
            var publicBytes = [UInt8](repeating: 0, count: Int(crypto_box_PUBLICKEYBYTES))
            secret.withBytes { _ = crypto_scalarmult_base(&publicBytes, $0.octets) }
            self.secret = secret
            publicKey = PublicKey(trusted: publicBytes)
        }
    }
}
