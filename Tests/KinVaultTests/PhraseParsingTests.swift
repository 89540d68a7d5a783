import KinCrypto
import KinTesting
import KinVault
import Testing

@Suite struct PhraseParsingTests {
    static let words = [
        "legal", "winner", "thank", "year", "wave", "sausage", "worth", "useful", "legal", "winner", "thank", "yellow",
    ]
    static let text = words.joined(separator: " ")

    @Test(
        "case, white space and Unicode form do not matter",
        arguments: [
            text.uppercased(), "  \(text)\n", words.joined(separator: "\t\r\n  "), words.joined(separator: "\u{a0}"),
            words.joined(separator: "\u{3000}"), words.joined(separator: "\u{2028}"),
            words.joined(separator: "\u{1680}"),
            text.replacing("legal", with: "ｌｅｇａｌ"), text.replacing("useful", with: "use\u{ff46}ul"),
            text.replacing("winner", with: "𝐰𝐢𝐧𝐧𝐞𝐫"), text.replacing("thank", with: "than\u{212a}"), text.capitalized,
        ])
    func normalisation(typed: String) throws {
        #expect(try Phrase(parsing: typed) == Phrase(parsing: Self.text))
        #expect(try Phrase(parsing: SecretBytes(copying: Array(typed.utf8))).sentence.count == Self.text.utf8.count)
    }

    @Test("a wrong number of words is said with the numbers that work", arguments: [0, 1, 11, 13, 14, 23, 25, 26, 100])
    func wordCount(count: Int) {
        let typed = (0..<count).map { _ in "zoo" }.joined(separator: " ")
        let error = #expect(throws: PhraseError.self) { try Phrase(parsing: typed) }
        #expect(error?.code == "phrase_word_count")
        #expect(error?.message == "a recovery phrase has 12, 15, 18, 21 or 24 words, and here are \(count)")
    }

    @Test(
        "a word that is not listed is named with its position and the nearest one that is",
        arguments: [(0, "legel", "legal"), (4, "waev", "wave"), (5, "SAUSAGES", "sausage"), (11, "yelow", "yellow")])
    func unknownWord(index: Int, typed: String, meant: String) {
        var words = Self.words
        words[index] = typed
        let error = #expect(throws: PhraseError.self) { try Phrase(parsing: words.joined(separator: " ")) }
        #expect(error?.code == "phrase_unknown_word")
        #expect(
            error?.message
                == "word \(index + 1) “\(typed.lowercased())” is not in the BIP39 list; did you mean “\(meant)”?")
    }

    @Test(
        "a word that could be something else than a slip of the finger is not repeated",
        arguments: [
            "\u{1b}[2J", "12345", "правда", "legal,", String(repeating: "x", count: 17), "\u{0}", "-", "leg\u{301}al",
        ])
    func unprintableWord(typed: String) {
        var words = Self.words
        words[2] = typed
        let error = #expect(throws: PhraseError.self) { try Phrase(parsing: words.joined(separator: " ")) }
        #expect(error?.code == "phrase_unknown_word")
        #expect(error?.message == "word 3 is not in the BIP39 list of English words")
    }

    @Test("two words without a space between them are not repeated either")
    func joinedWords() {
        let typed = (Self.words.dropFirst(2) + ["legalwinner", "thank"]).joined(separator: " ")
        let error = #expect(throws: PhraseError.self) { try Phrase(parsing: typed) }
        #expect(error?.code == "phrase_unknown_word")
        #expect(error?.message == "word 11 is two words without a space between them")
    }

    @Test("listed words that do not belong together are said as such")
    func checksum() {
        var swapped = Self.words
        swapped.swapAt(1, 2)
        var replaced = Self.words
        replaced[11] = "year"
        for words in [swapped, replaced] {
            let error = #expect(throws: PhraseError.self) { try Phrase(parsing: words.joined(separator: " ")) }
            #expect(error?.code == "phrase_checksum")
            #expect(error?.message.contains("two are swapped") == true)
        }
    }

    @Test("no message repeats a listed word of the phrase")
    func messages() throws {
        for slip in ["xegal", "wave", "year"] {
            let typed = (Self.words.dropLast() + [slip]).joined(separator: " ")
            let error = #expect(throws: PhraseError.self) { try Phrase(parsing: typed) }
            let message = try #require(error?.message)
            // The suggestion for what was typed last is a listed word, and may be one of the phrase.
            let said = Set(message.split { !$0.isLetter }.map(String.init)).subtracting(["legal"])
            #expect(said.isDisjoint(with: Self.words))
        }
    }

    @Test("one word in sixteen passes the checksum of twelve words, and of 24 one in 256")
    func checksumBits() throws {
        let list = try String(decoding: Vectors.bytes("published/bip39-english-wordlist.txt"), as: UTF8.self)
            .split(separator: "\n").map(String.init)
        let first11 = Self.words.dropLast().joined(separator: " ")
        #expect(list.count { (try? Phrase(parsing: "\(first11) \($0)")) != nil } == 128)
        let first23 = Array(repeating: "zoo", count: 23).joined(separator: " ")
        #expect(list.count { (try? Phrase(parsing: "\(first23) \($0)")) != nil } == 8)
    }

    @Test("no bytes bring the parser down")
    func fuzz() {
        var generator = SeededGenerator(seed: 20)
        let pieces: [[UInt8]] =
            Self.words.map { Array($0.utf8) } + [[0x20], [0x20], [0xff], [0xc3], Array("é".utf8), []]
        for _ in 0..<1_000 {
            let bytes =
                (0..<Int.random(in: 0...40, using: &generator)).flatMap { _ in
                    pieces[Int.random(in: 0..<pieces.count, using: &generator)]
                        + (Bool.random(using: &generator) ? [0x20] : [])
                } + generator.bytes(upTo: 2)
            guard let phrase = try? Phrase(parsing: SecretBytes(copying: bytes)) else { continue }
            #expect(phrase.wordCount == bytes.split(separator: 0x20).count)
        }
    }
}
