import Testing

@testable import KinDemo

@Suite("Hex dumps")
struct HexDumpTests {
    @Test("they look as hexdump -C has it")
    func dump() {
        let bytes = Array("kin: 16 bytes ok".utf8) + [0, 0x7f, 0xff, UInt8(ascii: "~")]
        #expect(
            HexDump.lines(of: bytes, maxLines: 9) == [
                "00000000  6b 69 6e 3a 20 31 36 20  62 79 74 65 73 20 6f 6b  |kin: 16 bytes ok|",
                "00000010  00 7f ff 7e                                       |...~|",
            ])
    }

    @Test("what is left out is counted")
    func cut() {
        let lines = HexDump.lines(of: [UInt8](repeating: 0, count: 100), maxLines: 2)
        #expect(lines.count == 3)
        #expect(lines.last == "… 68 more bytes")
        #expect(HexDump.lines(of: [], maxLines: 2).isEmpty)
    }
}
