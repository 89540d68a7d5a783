import KinTesting
import Testing

@testable import KinEncoding

@Suite struct Bech32Tests {
    @Test(
        "the published valid texts are read (BIP-173)",
        arguments: [
            "A12UEL5L", "a12uel5l",
            "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
            "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
            "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
            "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "?1ezyfcl",
        ])
    func valid(text: String) throws {
        let (prefix, values) = try Bech32.split(Array(text.utf8))
        #expect(prefix.elementsEqual(text.lowercased().utf8.prefix(prefix.count)))
        #expect(values.count == text.utf8.count - prefix.count - 7)
    }

    @Test(
        "the published invalid texts are refused (BIP-173)",
        arguments: [
            "\u{20}1nwldj5", "\u{7f}1axkwrx", "\u{80}1eym55h",
            "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx",
            "pzry9x0s0muk",
            "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "de1lg7wt\u{ff}", "A1G7SGD8", "10a06t8", "1qzzfhee", "a12UEL5L",
            "", "1", "a1", "a1qqqqqq",
        ])
    func invalid(text: String) {
        #expect(throws: EncodingError.self) { try Bech32.split(Array(text.utf8)) }
    }

    @Test("the published Nostr keys (NIP-19)")
    func nostr() throws {
        let key = try Hex.decode("3bf0c63fcb93463407af97a5e5ee64fa883d107ef9e558472c4eb9aaaefa459d")
        let text = "npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6"
        #expect(Bech32.encode(prefix: "npub", key) == text)
        #expect(try Bech32.decode(text, prefix: "npub") == key)
        #expect(try Bech32.decode(text.uppercased(), prefix: "npub") == key)
        let secret = try Hex.decode("67dea2ed018072d675f5415ecfaed7d2597555e202d85b3d65ea4e58d2d92ffa")
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 63, alignment: 1)
        defer { output.deallocate() }
        secret.withUnsafeBytes { Bech32.encode(prefix: "nsec", $0, into: output) }
        #expect(
            String(decoding: output, as: UTF8.self) == "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5"
        )
    }

    @Test("each way to be wrong has its code")
    func codes() throws {
        let text = Bech32.encode(prefix: "npub", [1, 2, 3])
        func code(_ text: String, maxCharacters: Int = 90) -> String? {
            #expect(throws: EncodingError.self) {
                try Bech32.decode(text, prefix: "npub", maxCharacters: maxCharacters)
            }?.code
        }
        #expect(code(text, maxCharacters: text.utf8.count - 1) == "bech32_too_long")
        #expect(code(text.replacing("npub", with: "Npub")) == "bech32_invalid")
        #expect(code(text + "q") == "bech32_checksum")
        #expect(code(Bech32.encode(prefix: "nsec", [1, 2, 3])) == "bech32_prefix")
        #expect(code("npub1b" + text.dropFirst(6)) == "bech32_invalid")
    }

    @Test("bits after the last byte must be few and zero")
    func leftovers() throws {
        // Five zero bits, one byte and a bit that is not zero, one byte and seven: each with a sound checksum.
        for text in ["kin1qdzhmcw", "kin1qpnfaj7x", "kin1qqqajq2ht"] {
            #expect(try Bech32.split(Array(text.utf8)).prefix == Array("kin".utf8))
            let error = #expect(throws: EncodingError.self) { try Bech32.decode(text, prefix: "kin") }
            #expect(error?.code == "bech32_invalid")
        }
        #expect(try Bech32.decode("kin1qqwlf8r5", prefix: "kin") == [0])
        #expect(try Bech32.decode("a12uel5l", prefix: "a") == [])
    }

    @Test("any bytes survive, and one wrong character never does")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<300 {
            let bytes = generator.bytes(upTo: 48)
            let text = Bech32.encode(prefix: "kin", bytes)
            #expect(text.utf8.count == Bech32.encodedCount(prefix: "kin", bytes.count))
            #expect(try Bech32.decode(text, prefix: "kin") == bytes)
            var wrong = Array(text.utf8)
            let place = generator.number(in: 4..<wrong.count)
            wrong[place] = wrong[place] == UInt8(ascii: "q") ? UInt8(ascii: "p") : UInt8(ascii: "q")
            #expect(throws: EncodingError.self) {
                try Bech32.decode(String(decoding: wrong, as: UTF8.self), prefix: "kin")
            }
        }
    }
}
