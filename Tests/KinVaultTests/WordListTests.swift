import KinTesting
import Testing

@testable import KinVault

@Suite struct WordListTests {
    @Test("the list is the published one, in its order")
    func published() throws {
        let text = String(decoding: try Vectors.bytes("published/bip39-english-wordlist.txt"), as: UTF8.self)
        let words = text.split(separator: "\n").map(String.init)
        #expect(words.count == 2048)
        #expect(WordList.english.count == 2048)
        for (index, word) in words.enumerated() {
            #expect(WordList.english[index] == word)
            #expect(WordList.english.index(of: word) == index)
        }
    }

    @Test("what is not listed has no index", arguments: ["", "a", "aaaa", "zzzz", "abandonn", "Abandon", "about "])
    func unlisted(word: String) {
        #expect(WordList.english.index(of: word) == nil)
    }

    @Test(
        "the nearest word is the one a typist meant",
        arguments: [
            ("abondon", "abandon"), ("zo", "zoo"), ("lettre", "letter"), ("advise", "advice"), ("zebrra", "zebra"),
            ("waev", "wave"), ("baout", "about"), ("abou", "about"), ("trophys", "trophy"),
        ])
    func nearest(typed: String, meant: String) {
        #expect(WordList.english.nearest(to: typed) == meant)
    }
}
