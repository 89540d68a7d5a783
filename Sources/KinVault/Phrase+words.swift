import KinCrypto

extension Phrase {
    /// Lends the words to `body`, to be shown.
    ///
    /// Strings are not guarded memory: keep none of them, and make them as late as can be.
    public func withWords<R, E: Error>(_ body: ([String]) throws(E) -> R) throws(E) -> R {
        let checksum = Self.checksum(of: entropy)
        return try body((0..<wordCount).map { word(at: $0, checksum: checksum) })
    }

    /// The words with one space between them, which the seed is derived from.
    public var sentence: SecretBytes {
        let checksum = Self.checksum(of: entropy)
        let letters = (0..<wordCount).reduce(0) { $0 + word(at: $1, checksum: checksum).utf8.count }
        return SecretBytes(count: letters + wordCount - 1) { sentence in
            var end = 0
            for position in 0..<wordCount {
                if position > 0 {
                    sentence[end] = UInt8(ascii: " ")
                    end += 1
                }
                for letter in word(at: position, checksum: checksum).utf8 {
                    sentence[end] = letter
                    end += 1
                }
            }
        }
    }

    /// The word for eleven bits of entropy, continued by its checksum.
    private func word(at position: Int, checksum: UInt8) -> String {
        let (byte, bit) = (position * 11).quotientAndRemainder(dividingBy: 8)
        let index = entropy.withBytes { entropy in
            let bits = (byte..<byte + 3).reduce(0) { bits, index in
                bits << 8 | Int(index < entropy.count ? entropy[index] : index == entropy.count ? checksum : 0)
            }
            return bits >> (13 - bit) & 0x7ff
        }
        return WordList.english[index]
    }
}
