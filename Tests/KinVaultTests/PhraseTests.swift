import KinCrypto
import KinEncoding
import KinTesting
import KinVault
import Testing

@Suite struct PhraseTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let entropy, words, seed, masterKey: String
        var testDescription: String { entropy }
    }

    static let published: [Example] =
        (try? Vectors.json("published/bip39.json"))?["english"].elements.map {
            let fields = $0.elements.map(\.text)
            return Example(entropy: fields[0], words: fields[1], seed: fields[2], masterKey: fields[3])
        } ?? []

    @Test("the published vectors are all there")
    func vectors() {
        #expect(Self.published.count >= 12)
    }

    @Test("the published entropies give the published words, and back", arguments: published)
    func words(example: Example) throws {
        let phrase = try Phrase(entropy: SecretBytes(hex: example.entropy))
        #expect(phrase.withWords { $0.joined(separator: " ") } == example.words)
        #expect(phrase.sentence == SecretBytes(copying: Array(example.words.utf8)))
        #expect(phrase.wordCount == example.words.split(separator: " ").count)
        #expect(try Phrase(parsing: example.words) == phrase)
    }

    @Test("the published words give the published seeds", arguments: published)
    func seeds(example: Example) throws {
        let seed = Seed(phrase: try Phrase(parsing: example.words), passphrase: "TREZOR")
        #expect(seed.bytes.hex == example.seed)
    }

    @Test("the published seeds give the published master keys of BIP32", arguments: published)
    func masterKeys(example: Example) throws {
        let key = try SLIP10.secp256k1(seed: SecretBytes(hex: example.seed), path: DerivationPath("m"))
        let privateKey = key.privateKey.withBytes { Array($0) }
        let chainCode = key.chainCode.withBytes { Array($0) }
        // Version "xprv", then depth, parent and index of a master key: nine zeros.
        let body = [0x04, 0x88, 0xad, 0xe4] + [UInt8](repeating: 0, count: 9) + chainCode + [0] + privateKey
        let checksum = Digest.sha256(Digest.sha256(body)).prefix(4)
        #expect(Base58.encode(body + checksum) == example.masterKey)
    }

    @Test("a new phrase has the words asked for, and is another each time", arguments: [12, 15, 18, 21, 24])
    func generation(words: Int) throws {
        let phrase = try Phrase.generate(words: words)
        #expect(phrase.wordCount == words)
        #expect(phrase.withWords(\.count) == words)
        #expect(try Phrase(parsing: phrase.sentence) == phrase)
        #expect(try Phrase.generate(words: words) != phrase)
    }

    @Test("a phrase of another length is not made", arguments: [-3, 0, 3, 9, 11, 13, 23, 25, 27])
    func lengths(words: Int) {
        let error = #expect(throws: PhraseError.self) { try Phrase.generate(words: words) }
        #expect(error?.code == "phrase_word_count")
    }

    @Test("entropy of another length is refused", arguments: [0, 4, 12, 15, 17, 31, 33, 36, 64])
    func entropyLengths(count: Int) {
        let error = #expect(throws: PhraseError.self) { try Phrase(entropy: .random(count: count)) }
        #expect(error?.code == "phrase_entropy_length")
    }

    @Test("any entropy survives being written as words")
    func roundTrip() throws {
        for count in [16, 20, 24, 28, 32] {
            for _ in 0..<40 {
                let phrase = try Phrase(entropy: .random(count: count))
                #expect(try Phrase(parsing: phrase.withWords { $0.joined(separator: "\n") }) == phrase)
            }
        }
    }

    @Test("a passphrase makes another seed, and its Unicode form does not matter")
    func passphrases() throws {
        let phrase = try Phrase(entropy: .random(count: 16))
        #expect(Seed(phrase: phrase) == Seed(phrase: phrase, passphrase: ""))
        #expect(Seed(phrase: phrase, passphrase: "é") != Seed(phrase: phrase))
        #expect(Seed(phrase: phrase, passphrase: "\u{e9}") == Seed(phrase: phrase, passphrase: "e\u{301}"))
        #expect(Seed(phrase: phrase, passphrase: "ﬁ①") == Seed(phrase: phrase, passphrase: "fi1"))
        #expect(Seed(phrase: phrase, passphrase: "a") != Seed(phrase: phrase, passphrase: "A"))
    }

    @Test("a passphrase beyond ASCII gives the seed that other wallets derive")
    func unicodePassphrase() throws {
        let phrase = try Phrase(entropy: SecretBytes(count: 16) { _ in })
        #expect(
            Seed(phrase: phrase, passphrase: "㍍ガバヴァぱばぐゞちぢ十人十色").bytes.hex
                == "ba553eedefe76e67e2602dc20184c564010859faada929a090dd2c57aacb204c"
                + "eefd15404ab50ef3e8dbeae5195aeae64b0def4d2eead1cdc728a33ced520ffd")
    }

    @Test("nothing that prints a phrase or a seed shows it")
    func redaction() throws {
        let phrase = try Phrase(entropy: SecretBytes(count: 16) { _ in })
        for text in ["\(phrase)", String(reflecting: phrase), "\(Seed(phrase: phrase))"] {
            #expect(text.contains("[redacted]"))
            #expect(!text.contains("abandon") && !text.contains("00"))
        }
    }
}
