import KinCrypto

/// The 64 bytes that a phrase becomes (BIP39): PBKDF2-HMAC-SHA512 of its sentence, 2,048 rounds, salted with
/// `mnemonic` and the passphrase.
public struct Seed: Sendable, Equatable {
    /// The 64 bytes.
    public let bytes: SecretBytes

    /// Takes milliseconds, by design of BIP39.
    ///
    /// - Parameter passphrase: the optional extra secret, UTF-8. Every passphrase gives a valid seed of its own, so a
    ///   wrong one is not noticed here.
    public init(phrase: Phrase, passphrase: SecretBytes) {
        let passphrase = passphrase.compatibilityDecomposed
        let prefix = "mnemonic".utf8
        let salt = SecretBytes(count: prefix.count + passphrase.count) { salt in
            salt.copyBytes(from: prefix)
            passphrase.withBytes { UnsafeMutableRawBufferPointer(rebasing: salt[prefix.count...]).copyMemory(from: $0) }
        }
        bytes = PBKDF2.sha512(password: phrase.sentence, salt: salt, rounds: 2048, count: 64)
    }

    /// The same for a passphrase that is already an ordinary string, which cannot be erased, or for none.
    public init(phrase: Phrase, passphrase: String = "") {
        self.init(phrase: phrase, passphrase: SecretBytes(copying: Array(passphrase.utf8)))
    }
}
