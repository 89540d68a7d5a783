import CSodium

extension Ed25519 {
    /// A signing key, in guarded memory from first to last.
    public struct PrivateKey: Sendable {
        public let publicKey: PublicKey

        /// libsodium's form: the seed, then the public key.
        private let expanded: SecretBytes

        /// The key that grows from 32 bytes of seed.
        ///
        /// - Throws: `ed25519_seed_length`.
        public init(seed: SecretBytes) throws(CryptoError) {
            guard seed.count == Int(crypto_sign_SEEDBYTES) else {
                throw CryptoError(code: "ed25519_seed_length", message: "an Ed25519 seed has 32 bytes")
            }
            self.init(checkedSeed: seed)
        }

        /// A fresh key.
        public static func random() -> PrivateKey {
            PrivateKey(checkedSeed: .random(count: Int(crypto_sign_SEEDBYTES)))
        }

        private init(checkedSeed seed: SecretBytes) {
            var publicBytes = [UInt8](repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
            expanded = SecretBytes(count: Int(crypto_sign_SECRETKEYBYTES)) { expanded in
                seed.withBytes { _ = crypto_sign_seed_keypair(&publicBytes, expanded.octets, $0.octets) }
            }
            publicKey = PublicKey(trusted: publicBytes)
        }

        /// The 32 bytes it grew from: what is stored, and what other programs import.
        public var seed: SecretBytes {
            expanded.withBytes { SecretBytes(copying: $0.prefix(Int(crypto_sign_SEEDBYTES))) }
        }

        /// The 64 bytes of the signature over `bytes` in `domain`.
        public func sign(_ bytes: some Collection<UInt8>, domain: String) -> [UInt8] {
            let message = message(bytes, domain: domain)
            return [UInt8](unsafeUninitializedCapacity: Int(crypto_sign_BYTES)) { signature, initialized in
                expanded.withBytes {
                    _ = crypto_sign_detached(signature.octets, nil, message, UInt64(message.count), $0.octets)
                }
                initialized = Int(crypto_sign_BYTES)
            }
        }
    }
}
