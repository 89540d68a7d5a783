import CSodium

extension Ed25519 {
    /// A point of the prime-order group in its canonical encoding.
    public struct PublicKey: Hashable, Sendable {
        /// The 32 bytes.
        public let bytes: [UInt8]

        /// - Throws: `ed25519_key_length`, or `ed25519_key_invalid` for bytes that are no point, no canonical encoding,
        ///   of small order, or outside the prime-order group: keys that would let one signature fit several messages.
        public init(_ bytes: some Collection<UInt8>) throws(CryptoError) {
            let bytes = Array(bytes)
            guard bytes.count == Int(crypto_sign_PUBLICKEYBYTES) else {
                throw CryptoError(code: "ed25519_key_length", message: "an Ed25519 public key has 32 bytes")
            }
            _ = Sodium.ready
            guard crypto_core_ed25519_is_valid_point(bytes) == 1 else {
                throw CryptoError(
                    code: "ed25519_key_invalid", message: "this is not the canonical form of a safe Ed25519 public key")
            }
            self.bytes = bytes
        }

        /// The key of a pair that libsodium just made.
        init(trusted bytes: [UInt8]) {
            self.bytes = bytes
        }

        /// Whether `signature` was made over `bytes` in `domain` by this key's owner.
        public func isValid(
            signature: some Collection<UInt8>, over bytes: some Collection<UInt8>, domain: String
        ) -> Bool {
            guard signature.count == Int(crypto_sign_BYTES) else { return false }
            let message = message(bytes, domain: domain)
            return signature.withContiguousBytes {
                crypto_sign_verify_detached($0.octets, message, UInt64(message.count), self.bytes) == 0
            }
        }

        /// Whether `signature` was made over `bytes` and nothing else: what foreign programs sign that know no domains.
        ///
        /// Nothing here makes such signatures; every use has to say why no statement could pass for these bytes.
        public func isValid(signature: some Collection<UInt8>, overBare bytes: [UInt8]) -> Bool {
            guard signature.count == Int(crypto_sign_BYTES) else { return false }
            return signature.withContiguousBytes {
                crypto_sign_verify_detached($0.octets, bytes, UInt64(bytes.count), self.bytes) == 0
            }
        }
    }
}
