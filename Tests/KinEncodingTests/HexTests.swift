import KinEncoding
import KinTesting
import Testing

@Suite struct HexTests {
    @Test("hex is two lower-case digits a byte")
    func encoding() throws {
        #expect(Hex.encode([0x00, 0x09, 0x0a, 0xff]) == "00090aff")
        #expect(Hex.encode([]) == "")
        #expect(try Hex.decode("00090aff") == [0x00, 0x09, 0x0a, 0xff])
        #expect(try Hex.decode("") == [])
    }

    @Test("a sequence without contiguous storage encodes alike")
    func sequences() {
        #expect(Hex.encode(stride(from: UInt8(1), to: 4, by: 1)) == "010203")
    }

    @Test("what is not lower-case hex is refused", arguments: ["0A", "0g", "é", "  ", "0x", "a\u{301}"])
    func invalidDigits(text: String) {
        #expect(throws: EncodingError.self) { try Hex.decode(text) }
    }

    @Test("an odd number of digits is said as such")
    func oddLength() {
        let error = #expect(throws: EncodingError.self) { try Hex.decode("abc") }
        #expect(error?.code == "hex_odd_length")
    }

    @Test("any bytes survive the round trip")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<500 {
            let bytes = generator.bytes(upTo: 80)
            #expect(try Hex.decode(Hex.encode(bytes)) == bytes)
        }
    }
}
