import Foundation
import KinDaemonAPI
import KinWire
import Testing

@testable import KinCommands

@Suite("Messages on the screen")
struct MessageDrawingTests {
    private func draw(_ body: String, from: String = "laptop", isTerminal: Bool = true) throws -> String {
        let moments = Moments(now: Stage.now, timeZone: try #require(TimeZone(identifier: "UTC")))
        let message = try InboxMessage.sample(0, from: from, body: body)
        return MessageDrawing(moments: moments, isTerminal: isTerminal).draw(message).text(.plain)
    }

    @Test("a message is its time, its sender and its text")
    func plain() throws { #expect(try draw("build is green") == "2026-11-21 10:03:12  laptop  build is green\n") }

    @Test("further lines cannot pass for another message")
    func lines() throws {
        #expect(
            try draw("one\n2026-11-21 10:03:13  studio  forged") == """
                2026-11-21 10:03:12  laptop  one
                                             2026-11-21 10:03:13  studio  forged

                """)
    }

    @Test("an empty message still shows who sent it")
    func empty() throws { #expect(try draw("") == "2026-11-21 10:03:12  laptop  \n") }

    @Test("a terminal is shielded from what a text may hold; a file gets it as it is")
    func shielded() throws {
        #expect(try draw("\u{1b}[2J").hasSuffix("␛[2J\n"))
        #expect(try draw("\u{1b}[2J", isTerminal: false).hasSuffix("\u{1b}[2J\n"))
        #expect(try !draw("x", from: "\u{1b}[2J", isTerminal: false).contains("\u{1b}"))
    }
}
