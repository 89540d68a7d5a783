import KinEncoding
import KinTesting
import Testing

@Suite struct Base58Tests {
    /// draft-msporny-base58, section 5, and the Solana system program's address.
    static let examples: [(text: String, bytes: [UInt8])] = [
        ("2NEpo7TZRRrLZSi2U", Array("Hello World!".utf8)),
        (
            "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
            Array("The quick brown fox jumps over the lazy dog.".utf8)
        ),
        ("11233QC4", [0x00, 0x00, 0x28, 0x7f, 0xb4, 0xcd]),
        ("11111111111111111111111111111111", [UInt8](repeating: 0, count: 32)),
        ("", []),
    ]

    @Test("published examples", arguments: examples)
    func published(text: String, bytes: [UInt8]) throws {
        #expect(Base58.encode(bytes) == text)
        #expect(try Base58.decode(text) == bytes)
    }

    @Test("characters that look alike are not in the alphabet", arguments: ["0", "O", "I", "l", "é", " 2"])
    func invalid(text: String) {
        let error = #expect(throws: EncodingError.self) { try Base58.decode(text) }
        #expect(error?.code == "base58_invalid")
    }

    @Test("text over the limit is refused before the work is done")
    func tooLong() throws {
        let error = #expect(throws: EncodingError.self) { try Base58.decode(String(repeating: "z", count: 129)) }
        #expect(error?.code == "base58_too_long")
        #expect(try Base58.decode("zz", maxCharacters: 2).count == 2)
    }

    @Test("any bytes survive the round trip")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<500 {
            let bytes =
                [UInt8](repeating: 0, count: Int.random(in: 0...3, using: &generator)) + generator.bytes(upTo: 64)
            #expect(try Base58.decode(Base58.encode(bytes)) == bytes)
        }
    }
}
