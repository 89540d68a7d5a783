import KinCrypto

extension Phrase {
    private static let bitsInWord = 11

    /// The phrase in what a person typed: any white space between the words, in any case and Unicode form.
    ///
    /// - Throws: `phrase_word_count`, `phrase_unknown_word` or `phrase_checksum`.
    public init(parsing text: SecretBytes) throws(PhraseError) {
        try self.init(bits: Self.bits(ofWords: text.foldedWords))
    }

    /// The same for text that is already an ordinary string, which cannot be erased: prefer the other.
    public init(parsing text: String) throws(PhraseError) {
        try self.init(parsing: SecretBytes(copying: Array(text.utf8)))
    }

    /// The words' bits, one after the other.
    private static func bits(ofWords text: SecretBytes) throws(PhraseError) -> SecretBytes {
        try text.withBytes { (bytes) throws(PhraseError) in
            // The slices point into guarded memory; a string of a listed word fits a register pair and needs no heap.
            let words = bytes.split { $0 == 0x20 || 0x09...0x0d ~= $0 }
            guard isValid(wordCount: words.count) else { throw .wordCount(words.count) }
            return try SecretBytes(count: (words.count * bitsInWord + 7) / 8) { (bits) throws(PhraseError) in
                for (position, word) in words.enumerated() {
                    let word = String(decoding: word, as: UTF8.self)
                    guard let index = WordList.english.index(of: word) else {
                        throw .unknownWord(word, position: position + 1, list: .english)
                    }
                    write(index, at: position * bitsInWord, to: bits)
                }
            }
        }
    }

    /// Sets eleven bits, big-endian, `offset` bits from the start; they are zero before.
    private static func write(_ index: Int, at offset: Int, to bits: UnsafeMutableRawBufferPointer) {
        let (byte, bit) = offset.quotientAndRemainder(dividingBy: 8)
        let shifted = index << (13 - bit)
        for (position, shift) in zip(byte..<min(byte + 3, bits.count), [16, 8, 0]) {
            bits[position] |= UInt8(truncatingIfNeeded: shifted >> shift)
        }
    }

    /// - Parameter bits: entropy, then one bit of checksum for every 32 of them, then zeros to a whole byte.
    private init(bits: SecretBytes) throws(PhraseError) {
        let entropyCount = (bits.count - 1) / 4 * 4
        let (entropy, checksum) = bits.withBytes { (SecretBytes(copying: $0.prefix(entropyCount)), $0[entropyCount]) }
        guard checksum == Self.checksum(of: entropy) else { throw .checksum }
        try self.init(entropy: entropy)
    }
}
