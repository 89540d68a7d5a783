import KinCrypto

/// A recovery phrase (BIP39, English): 128 to 256 bits and their checksum, written as words.
///
/// Only the bits are kept, in guarded memory; the words are made when asked for.
public struct Phrase: Sendable, Equatable {
    /// 16, 20, 24, 28 or 32 bytes.
    public let entropy: SecretBytes

    /// 12, 15, 18, 21 or 24.
    public var wordCount: Int { entropy.count * 3 / 4 }

    /// The phrase that stands for `entropy`.
    ///
    /// - Throws: `phrase_entropy_length`.
    public init(entropy: SecretBytes) throws(PhraseError) {
        guard 16...32 ~= entropy.count, entropy.count.isMultiple(of: 4) else { throw .entropyLength }
        self.entropy = entropy
    }

    /// A new phrase from the system's randomness.
    ///
    /// - Throws: `phrase_word_count`.
    public static func generate(words: Int = 24) throws(PhraseError) -> Phrase {
        guard isValid(wordCount: words) else { throw .wordCount(words) }
        return try Phrase(entropy: .random(count: words * 4 / 3))
    }

    static func isValid(wordCount: Int) -> Bool {
        12...24 ~= wordCount && wordCount.isMultiple(of: 3)
    }

    /// The bits of checksum for `entropy`, one for every 32 bits of it, at the top of a byte: they begin its SHA-256.
    static func checksum(of entropy: SecretBytes) -> UInt8 {
        Digest.sha256(entropy).withBytes { $0[0] & ~(0xff >> (entropy.count / 4)) }
    }
}
