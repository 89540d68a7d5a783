import Testing

@testable import KinCommands

@Suite("Text that others wrote")
struct PrintableTests {
    @Test(
        "control characters become pictures",
        arguments: [
            ("\u{1b}[31mred", "␛[31mred"), ("bell\u{07}", "bell␇"), ("back\u{08}", "back␈"), ("del\u{7f}", "del␡"),
            ("csi\u{9b}2J", "csi\u{fffd}2J"), ("over\u{202e}ride", "over\u{fffd}ride"), ("cr\r", "cr␍"),
        ])
    func controls(text: String, shown: String) { #expect(text.printable(keepingLines: true) == shown) }

    @Test("ordinary text of any script stays, and tabs too", arguments: ["tab\there", "größe", "日本語", "👩‍👩‍👧", ""])
    func ordinary(text: String) { #expect(text.printable(keepingLines: false) == text) }

    @Test("line ends stay where lines are wanted, and only there")
    func lines() {
        #expect("a\nb".printable(keepingLines: true) == "a\nb")
        #expect("a\nb".printable(keepingLines: false) == "a␊b")
    }
}
