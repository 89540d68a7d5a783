import Testing

@testable import KinTerminal

@Suite struct ScreenModesTests {
    private static func modes(after text: String) -> ScreenModes {
        var follower = ScreenFollower()
        follower.follow(Array(text.utf8))
        return follower.modes
    }

    static let settings = [
        "\u{1b}[?1049h", "\u{1b}[?1h\u{1b}=", "\u{1b}[?2004h", "\u{1b}[?1000;1006h", "\u{1b}[?25l", "\u{1b}[5 q",
        "\u{1b}[2;20r", "\u{1b}(0", "\u{1b})0\u{0e}", "\u{1b}[4h", "\u{1b}[1;31m", "\u{1b}[>1u", "\u{1b}[>4;2m",
        "\u{1b}]2;title\u{07}", "\u{1b}[?7l", "\u{1b}[?1049h\u{1b}[>5u\u{1b}[?25l\u{1b}[?1002h\u{1b}[48;5;17m",
        "\u{1b}[>1u\u{1b}[>5u\u{1b}[?1049h\u{1b}[>3u",
    ]

    @Test("what enters a screen sets a terminal that begins as the program had set it", arguments: settings)
    func entered(text: String) {
        let modes = Self.modes(after: text)
        #expect(modes != ScreenModes())
        let again = Self.modes(after: String(decoding: modes.bytesToEnter, as: UTF8.self))
        #expect(again == modes)
    }

    @Test("what leaves a screen undoes all of it but the title", arguments: settings)
    func left(text: String) {
        let modes = Self.modes(after: text)
        var after = Self.modes(after: text + String(decoding: modes.bytesToLeave, as: UTF8.self))
        after.title = []
        #expect(after == ScreenModes())
    }

    @Test("a terminal that nobody set is left without a byte")
    func untouched() {
        #expect(ScreenModes().bytesToLeave == [])
        #expect(Self.modes(after: "hello\r\n\u{1b}[31mred\u{1b}[0m").bytesToLeave == [])
    }

    @Test("a full reset undoes everything, a soft one what it should")
    func resets() {
        #expect(Self.modes(after: Self.settings.joined() + "\u{1b}c") == ScreenModes())
        let soft = Self.modes(after: "\u{1b}[?25l\u{1b}[1m\u{1b}[2;9r\u{1b}[?2004h\u{1b}[!p")
        #expect(soft == Self.modes(after: "\u{1b}[?2004h"))
    }

    @Test("a sequence with further intermediate bytes is another")
    func intermediates() {
        #expect(Self.modes(after: "\u{1b}[!$p\u{1b}[?25l\u{1b}[!$p") == Self.modes(after: "\u{1b}[?25l"))
    }

    @Test("what was pushed on the alternate screen goes with it")
    func keyboards() {
        #expect(Self.modes(after: "\u{1b}[?1049h\u{1b}[>5u\u{1b}[?1049l") == ScreenModes())
    }

    @Test("colours that were set one after the other are all there, and a reset forgets them")
    func pen() {
        #expect(Self.modes(after: "\u{1b}[1m\u{1b}[31m").pen == Array("\u{1b}[1m\u{1b}[31m".utf8))
        #expect(Self.modes(after: "\u{1b}[1m\u{1b}[0;4m").pen == Array("\u{1b}[0;4m".utf8))
        #expect(Self.modes(after: "\u{1b}[1m\u{1b}[m").pen == [])
        #expect(Self.modes(after: String(repeating: "\u{1b}[1;38;5;200m", count: 1000)).pen.count <= 256)
    }

    @Test("plain output has no sequences and no carriage returns before line feeds, wherever it is cut")
    func plain() {
        let text = "a\u{1b}[31mb\r\nc\u{1b}]0;t\u{07}d\r50%\r60%\n\u{07}e\r\r\nü\u{1b}(Bf"
        let expected = Array("ab\ncd\r50%\r60%\ne\r\nüf".utf8)
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var plain = PlainOutput()
            #expect(plain.text(Array(bytes[..<cut])) + plain.text(Array(bytes[cut...])) == expected, "cut at \(cut)")
        }
    }
}

@Suite struct ScreenRecordTests {
    private static func record(_ pieces: String..., capacity: Int = 64 << 10) -> ScreenRecord {
        var record = ScreenRecord(capacity: capacity)
        for piece in pieces { record.append(Array(piece.utf8)) }
        return record
    }

    private static func screen(_ record: ScreenRecord) -> String {
        String(decoding: record.screen().bytes, as: UTF8.self)
    }

    private static let empty = "\u{1b}[m\u{1b}[r\u{1b}[H\u{1b}[2J"

    @Test("a short output is played again whole, on an empty screen")
    func short() {
        let record = Self.record("one\r\ntwo\r\n$ ")
        #expect(Self.screen(record) == Self.empty + "one\r\ntwo\r\n$ ")
        #expect(record.screen().position == 12)
    }

    @Test("a screen begins where the normal one was cleared last")
    func cleared() {
        let record = Self.record("old\u{1b}[H\u{1b}[2Jmiddle", "\u{1b}[2J", "new")
        #expect(Self.screen(record) == Self.empty + "\u{1b}[2Jnew")
    }

    @Test("a program that has the screen for itself is played again over what was below it")
    func alternate() {
        let record = Self.record("\u{1b}[2Jshell\r\n$ vi", "\u{1b}[?1049h\u{1b}[2Jtext\u{1b}[2Jmore")
        #expect(Self.screen(record) == Self.empty + "\u{1b}[2Jshell\r\n$ vi\u{1b}[?1049h\u{1b}[2Jtext\u{1b}[2Jmore")
    }

    @Test("where that is gone, it begins where the program cleared its screen last, with the modes of that place")
    func alternateLong() {
        let lines = String(repeating: String(repeating: "x", count: 79) + "\r\n", count: 2000)
        let record = Self.record("$ vi\u{1b}[?1049h\u{1b}[?1h", lines, "\u{1b}[2J\u{1b}[?25lrest")
        let text = Self.screen(record)
        #expect(text == "\u{1b}[m\u{1b}[r\u{1b}[?1049h\u{1b}[H\u{1b}[2J\u{1b}[?1h\u{1b}[2J\u{1b}[?25lrest")
    }

    @Test("a long output begins with a whole line, and the modes it had there")
    func long() throws {
        let line = "\u{1b}[32mgrün\u{1b}[0m " + String(repeating: "ü", count: 30) + "\r\n"
        var record = ScreenRecord(capacity: 64 << 10)
        record.append(Array("\u{1b}[?2004h".utf8))
        let bytes = Array(String(repeating: line, count: 3000).utf8)
        // Cut as pseudoterminals cut.
        for start in stride(from: 0, to: bytes.count, by: 4095) {
            record.append(Array(bytes[start..<min(start + 4095, bytes.count)]))
        }
        let text = try #require(String(validating: record.screen().bytes, as: UTF8.self))
        let prologue = Self.empty + "\u{1b}[?2004h"
        #expect(text.hasPrefix(prologue))
        #expect(text.dropFirst(prologue.count).hasPrefix("\u{1b}[32mgr"))
        #expect(text.utf8.count > 32 << 10)
        #expect(text.hasSuffix(line))
    }

    @Test(
        "wherever the ring begins, the screen begins between characters and sequences", arguments: [0, 1, 2, 3, 7, 20])
    func safe(shift: Int) throws {
        var record = ScreenRecord(capacity: 64 << 10)
        let unit = "\u{1b}[38;5;200m\u{1b}]0;tïtle\u{07}日本語\u{1b}[m"
        let bytes = Array((String(repeating: "x", count: shift) + String(repeating: unit, count: 4_000)).utf8)
        for start in stride(from: 0, to: bytes.count, by: 4095) {
            record.append(Array(bytes[start..<min(start + 4095, bytes.count)]))
        }
        let text = try #require(String(validating: record.screen().bytes, as: UTF8.self))
        var plain = PlainOutput()
        let shown = String(decoding: plain.text(Array(text.utf8)), as: UTF8.self)
        #expect(shown.allSatisfy { "日本語".contains($0) })
        #expect(shown.count > 1000)
    }

    @Test("questions to the terminal and bells are not played again")
    func questions() {
        let record = Self.record("a\u{1b}[6nb\u{1b}]11;?\u{1b}\\c\u{07}d\u{05}e")
        #expect(Self.screen(record) == Self.empty + "abcde")
        #expect(record.screen().position == record.ring.end)
    }

    @Test(
        "a question that broke off another sequence leaves nothing of it behind",
        arguments: ["\u{1b}[1;\u{1b}[6nc", "\u{1b}P+q54\u{1b}[?utP\u{1b}\\", "\u{1b}\u{1b}[6nZ"])
    func joined(text: String) {
        let screen = Self.screen(Self.record(text))
        #expect(!EscapeParserTests.found(screen).contains { $0.asksForAnswer })
    }

    @Test("a question mark in a title or a link asks nothing")
    func words() {
        let text = "\u{1b}]2;really?\u{07}\u{1b}]8;;https://example.com/?a=b\u{07}link\u{1b}]8;;\u{07}"
        #expect(Self.screen(Self.record(text)) == Self.empty + text)
    }

    @Test("what is lost ends at a place that can be shown")
    func gap() {
        var record = ScreenRecord(capacity: 64 << 10)
        for _ in 0..<40 {
            record.append(Array(String(repeating: String(repeating: "y", count: 99) + "\n", count: 41).utf8))
        }
        let place = record.readable(from: 5)
        #expect(place > record.ring.start && place < record.ring.end)
        #expect(place % 100 == 0)
        #expect(record.readable(from: record.ring.end) == record.ring.end)
        #expect(record.readable(from: record.ring.start + 1) == record.ring.start + 1)
    }

    @Test("a picture that does not end leaves nothing to begin at but the end")
    func endless() {
        var record = ScreenRecord(capacity: 64 << 10)
        record.append(Array("\u{1b}P".utf8))
        for _ in 0..<40 { record.append(Array(repeating: 0x41, count: 4000)) }
        #expect(record.screen().bytes == Array(Self.empty.utf8))
        #expect(record.screen().position == record.ring.end)
    }
}
