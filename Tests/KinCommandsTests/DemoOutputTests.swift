import KinDemo
import Testing

@testable import KinCommands

@Suite("What kin demo shows")
struct DemoOutputTests {
    private func progress(_ stage: Stage, _ events: [DemoEvent]) {
        let progress = DemoProgress(Output(form: .text, context: stage.context))
        for event in events { progress.show(event) }
        progress.end()
    }

    @Test("elsewhere than on a terminal there is a line every ten percent")
    func lines() throws {
        let stage = try Stage()
        progress(stage, (0...100).map { .progress(sent: $0, received: $0, total: 100) })
        #expect(stage.errors.lines.count == 10)
        #expect(stage.errors.lines.first == "  [##..................] sent 10, arrived 10 of 100")
        #expect(!stage.errors.text.contains("\r"))
    }

    @Test("on a terminal one line is written over, and closed before another text")
    func terminal() throws {
        let stage = try Stage(errors: RecordingStream(isTerminal: true), environment: ["NO_COLOR": "1"])
        progress(
            stage,
            [
                .progress(sent: 50, received: 40, total: 100), .killed(.laptop, sent: 50),
                .progress(sent: 100, received: 100, total: 100),
            ])
        #expect(
            stage.errors.text == """
                \r  [########............] sent 50, arrived 40 of 100\u{1b}[K\r\u{1b}[K  killed laptop's daemon after 50 lines; it starts again
                \r  [####################] sent 100, arrived 100 of 100\u{1b}[K

                """)
    }

    @Test("a folder without text ends it before anything is started")
    func noText() async throws {
        let stage = try Stage()
        #expect(await stage.run("demo", "--lines-from", "/nowhere") == .notFound)
        #expect(await stage.run("demo") == .notFound)
        #expect(stage.errors.text.contains("--lines-from DIR"))
    }
}
