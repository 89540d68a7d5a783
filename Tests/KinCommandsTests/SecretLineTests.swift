import KinCrypto
import KinWire
import Testing

@testable import KinCommands

@Suite("Secrets typed unseen")
struct SecretLineTests {
    private func read(_ keys: [UInt8], limit: Int = 16) throws -> [UInt8] {
        var rest = keys[...]
        return try SecretLine.read(limit: limit) { rest.popFirst() }.withBytes { Array($0) }
    }

    private func text(_ keys: String) throws -> String {
        String(decoding: try read(Array(keys.utf8)), as: UTF8.self)
    }

    @Test("return ends the line, and what follows is not read")
    func line() throws {
        #expect(try text("abandon art\rmore") == "abandon art")
        #expect(try text("abandon\n") == "abandon")
        #expect(try text("\n") == "")
    }

    @Test("backspace takes a whole character, and control-U the line")
    func corrections() throws {
        #expect(try text("ax\u{7f}b\n") == "ab")
        #expect(try text("aü\u{08}b\n") == "ab")
        #expect(try text("\u{7f}\u{7f}a\n") == "a")
        #expect(try text("wrong\u{15}right\n") == "right")
    }

    @Test("other control keys type nothing, tabs do")
    func controls() throws { #expect(try text("a\u{01}\t\u{1b}b\n") == "a\tb") }

    @Test("control-C interrupts; control-D ends an empty line only; the end of input is said")
    func ends() throws {
        #expect(throws: KinError.interrupted) { try text("abc\u{03}") }
        #expect(throws: KinError.inputEnded) { try text("\u{04}") }
        #expect(try text("abc\u{04}") == "abc")
        #expect(throws: KinError.inputEnded) { try text("abc") }
    }

    @Test("a line beyond the limit is refused, one of just the limit is not")
    func limit() throws {
        #expect(try read(Array("abcd\n".utf8), limit: 4) == Array("abcd".utf8))
        #expect(throws: KinError.inputTooLarge(4)) { try read(Array("abcde\n".utf8), limit: 4) }
    }
}
