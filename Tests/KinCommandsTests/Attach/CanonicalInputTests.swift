import Testing

@testable import KinCommands

@Suite struct CanonicalInputTests {
    private static func line(_ count: Int) -> [UInt8] { Array(repeating: UInt8(ascii: "x"), count: count) }

    @Test("a line is handed on in pieces that a terminal can hold, however it comes")
    func lines() {
        for cut in [1, 3_999, 4_000, 4_001, 9_000] {
            var input = CanonicalInput()
            let bytes = Self.line(9_000) + [0x0a] + Self.line(4_000) + [0x0a]
            let typed = stride(from: 0, to: bytes.count, by: cut)
                .flatMap { input.take(bytes[$0..<min($0 + cut, bytes.count)]) }
            #expect(
                typed == Self.line(4_000) + [0x04] + Self.line(4_000) + [0x04] + Self.line(1_000) + [0x0a]
                    + Self.line(4_000) + [0x0a])
            #expect(input.end == [0x04])
        }
    }

    @Test("the end is said once the line is handed on")
    func end() {
        var input = CanonicalInput()
        #expect(input.end == [0x04])
        #expect(input.take(Self.line(4_000)[...]) == Self.line(4_000))
        #expect(input.end == [0x04, 0x04])
    }

    @Test("what would be a key is quoted, and nothing else")
    func keys() {
        var input = CanonicalInput()
        #expect(input.take([0x61, 0x04, 0x03, 0x0d, 0x0a]) == [0x61, 0x16, 0x04, 0x16, 0x03, 0x16, 0x0d, 0x0a])
        #expect(input.take([0x00, 0x07, 0x09, 0x1b, 0xff, 0x16]) == [0x00, 0x07, 0x09, 0x1b, 0xff, 0x16, 0x16])
    }
}
