/// Why words are not a recovery phrase.
///
/// | code | meaning |
/// | --- | --- |
/// | `phrase_word_count` | not 12, 15, 18, 21 or 24 words |
/// | `phrase_unknown_word` | a word that is not listed; the message has its position and the nearest listed word |
/// | `phrase_checksum` | all words are listed, but they do not belong together |
/// | `phrase_entropy_length` | not 16, 20, 24, 28 or 32 bytes of entropy |
///
/// A message may repeat a word that is not listed, for the person who typed it; it repeats no listed word of the
/// phrase. It belongs on that person's terminal and in no log.
public struct PhraseError: Error, Sendable, Equatable {
    public let code: String
    public let message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

extension PhraseError: CustomStringConvertible {
    public var description: String { "\(code): \(message)" }
}

extension PhraseError {
    static func wordCount(_ count: Int) -> PhraseError {
        PhraseError(
            code: "phrase_word_count",
            message: "a recovery phrase has 12, 15, 18, 21 or 24 words, and here are \(count)")
    }

    static let checksum = PhraseError(
        code: "phrase_checksum",
        message: "every word is in the BIP39 list, but the phrase's built-in check does not fit: "
            + "a word is another listed word than it should be, or two are swapped")

    static let entropyLength = PhraseError(
        code: "phrase_entropy_length", message: "a recovery phrase stands for 16, 20, 24, 28 or 32 bytes")

    /// - Parameters:
    ///   - word: in lower case; shown only where it is short and of plain letters, so that it can be neither two
    ///     words of the phrase nor an escape sequence for the terminal.
    ///   - position: from 1.
    static func unknownWord(_ word: String, position: Int, list: WordList) -> PhraseError {
        let code = "phrase_unknown_word"
        let isPlain =
            (1...16).contains(word.utf8.count) && word.utf8.allSatisfy { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }
        if isPlain, list.isTwoWords(word) {
            return PhraseError(code: code, message: "word \(position) is two words without a space between them")
        }
        guard isPlain, let nearest = list.nearest(to: word) else {
            return PhraseError(code: code, message: "word \(position) is not in the BIP39 list of English words")
        }
        return PhraseError(
            code: code, message: "word \(position) “\(word)” is not in the BIP39 list; did you mean “\(nearest)”?")
    }
}

extension WordList {
    fileprivate func isTwoWords(_ text: String) -> Bool {
        text.indices.dropFirst().contains {
            index(of: String(text[..<$0])) != nil && index(of: String(text[$0...])) != nil
        }
    }
}
