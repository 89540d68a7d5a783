import Testing

@testable import KinCommands

@Suite("Colour")
struct StyleTests {
    @Test("only a terminal gets colour")
    func terminal() {
        #expect(Style(of: RecordingStream(isTerminal: true), environment: [:]).isColoured)
        #expect(!Style(of: RecordingStream(isTerminal: false), environment: [:]).isColoured)
    }

    @Test(
        "NO_COLOR and a dumb terminal switch it off; an empty NO_COLOR does not",
        arguments: [
            (["NO_COLOR": "1"], false), (["TERM": "dumb"], false), (["NO_COLOR": ""], true), (["TERM": "xterm"], true),
        ])
    func wishes(environment: [String: String], isColoured: Bool) {
        #expect(Style(of: RecordingStream(isTerminal: true), environment: environment).isColoured == isColoured)
    }

    @Test("a colour ends before its line does")
    func lineEnd() {
        #expect(Style(isColoured: true).paint("gone\n", .bad) == "\u{1b}[31mgone\u{1b}[0m\n")
        #expect(Style(isColoured: true).paint("", .bad) == "")
        #expect(Style.plain.paint("gone", .bad) == "gone")
    }
}
