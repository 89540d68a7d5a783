import Foundation
import KinTestTerminal
import Testing

/// What a person sees and may do while a terminal is out of reach.
extension AttachProgramTests {
    /// A terminal is out of reach for as long as this is there.
    private struct Cut {
        let file = FileManager.default.temporaryDirectory.appending(path: "cut-\(UUID().uuidString)").path

        func begin() { #expect(FileManager.default.createFile(atPath: file, contents: nil)) }

        func end() { try? FileManager.default.removeItem(atPath: file) }
    }

    @Test("out of reach it is said in a line, and with it comes its screen; nothing that was typed meanwhile is obeyed")
    func comesBack() async throws {
        let cut = Cut()
        defer { cut.end() }
        try await Self.run("--cut", cut.file, "far=echo ready; while read x; do echo got-$x; done; exit 6") { person in
            try await person.sees("ready")
            cut.begin()
            try await person.sees("[kin: far is out of reach, and looked for; ctrl-] d leaves it running]")
            try await person.types("rm -rf\r")
            try await person.sees("\u{07}")
            cut.end()
            try await person.sees(twice: "ready")
            try await person.types("word\r")
            try await person.sees("got-word")
            try await person.types("\u{04}")
            try await person.sees("[status 6]")
            #expect(!person.text.contains("rm -rf"))
            #expect(person.text.contains("[same terminal]"))
        }
    }

    @Test("its keys detach from one that is out of reach, at once")
    func detachMeanwhile() async throws {
        let cut = Cut()
        defer { cut.end() }
        try await Self.run("--cut", cut.file, "far=printf '\\033[?1049h\\033[?25l'; echo ready; sleep 1000") { person in
            try await person.sees("ready")
            cut.begin()
            try await person.sees("far is out of reach")
            // In sight, whatever the program had on the screen.
            let text = person.text
            let left = try #require(text.range(of: "\u{1b}[?1049l"))
            #expect(text[left.upperBound...].contains("far is out of reach"))
            let start = ContinuousClock.now
            try await person.types("\u{1d}d")
            try await person.sees("[status 0]")
            #expect(ContinuousClock.now - start < .seconds(5))
            #expect(person.text.contains("[same terminal]"))
            #expect(person.text.contains("detached; far runs on"))
        }
    }

    @Test("one that does not come back is given up at last")
    func givenUp() async throws {
        let cut = Cut()
        defer { cut.end() }
        try await Self.run("--cut", cut.file, "--patience", "300", "far=echo ready; sleep 1000") { person in
            try await person.sees("ready")
            cut.begin()
            try await person.sees("[status 3]")
            #expect(person.text.contains("far is out of reach"))
            #expect(person.text.contains("it is cut off; far runs on"))
        }
    }

    @Test("a full-screen program comes back on the screen that it had for itself")
    func fullScreen() async throws {
        let cut = Cut()
        defer { cut.end() }
        try await Self.run("--cut", cut.file, "far=printf '\\033[?1049h\\033[2Jscr'; echo een; cat") { person in
            try await person.sees("screen")
            cut.begin()
            try await person.sees("far is out of reach")
            cut.end()
            try await person.sees(twice: "\u{1b}[?1049h")
            try await person.sees(twice: "screen")
            try await person.types("\u{1d}d")
            try await person.sees("[status 0]")
        }
    }

    @Test("one that comes back with nothing to show takes keys all the same")
    func silent() async throws {
        let cut = Cut()
        defer { cut.end() }
        try await Self.run(
            "--cut", cut.file, "near=echo in-near; cat", "far=while read x; do echo got-$x; done"
        ) { person in
            try await person.sees("in-near")
            cut.begin()
            try await person.types("\u{1d}2")
            try await person.sees("far is out of reach")
            cut.end()
            let deadline = ContinuousClock.now + .seconds(20)
            while !person.text.contains("got-word") {
                try #require(ContinuousClock.now < deadline)
                try await person.types("word\r")
                try await Task.sleep(for: .milliseconds(20))
            }
            try await person.types("\u{1d}d")
            try await person.sees("[status 0]")
        }
    }

    @Test("the others are there as before, and one that is out of reach says so where it is switched to")
    func others() async throws {
        let cut = Cut()
        defer { cut.end() }
        let echoing = "while read x; do echo $0-$x; done"
        try await Self.run(
            "--cut", cut.file, "near=echo in-near; \(echoing)", "far=echo in-far; \(echoing)"
        ) { person in
            try await person.sees("in-near")
            try await person.types("\u{1d}n")
            try await person.sees("in-far")
            try await person.types("\u{1d}n")
            try await person.sees(twice: "in-near")
            cut.begin()
            try await person.types("one\r")
            try await person.sees("-one")
            #expect(!person.text.contains("out of reach"))
            try await person.types("\u{1d}2")
            try await person.sees("far is out of reach")
            try await person.types("\u{1d}1")
            try await person.sees(twice: "-one")
            try await person.types("\u{1d}2")
            try await person.sees(twice: "far is out of reach")
            cut.end()
            try await person.sees(twice: "in-far")
            try await person.types("two\r")
            try await person.sees("-two")
            try await person.types("\u{1d}d")
            try await person.sees("[status 0]")
        }
    }
}
