import Foundation
import KinEncoding
import KinTerminal
import KinTestTerminal
import KinWire
import Testing

@testable import KinCommands

/// The near end of `kin attach` as a process on a terminal of its own, as a person has it.
@Suite(.serialized) struct AttachProgramTests {
    /// A shell that runs the trial, and then says how the terminal is set and how it ended.
    static func run(
        _ arguments: String..., before: String = "", size: TerminalSize = .usual,
        _ body: (Person) async throws -> Void
    ) async throws {
        let trial = try #require(Program.built("kin-attach-trial"))
        let terminals = Terminals.local(environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"])
        let words = arguments.map { ShellWord($0).description }.joined(separator: " ")
        let script = """
            \(before)
            stty -a | sed 's/rows [0-9]*; columns [0-9]*;//' > $D/before
            \(ShellWord(trial).description) \(words); status=$?
            stty -a | sed 's/rows [0-9]*; columns [0-9]*;//' > $D/after
            cmp $D/before $D/after && echo "[same terminal]"
            echo "[status $status]"
            """
        let folder = FileManager.default.temporaryDirectory.appending(path: "attach-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let info = try terminals.open(
            TerminalRequest(command: ["/bin/bash", "-mc", "D=\(folder)\n" + script], size: size))
        let person = Person(terminals, info.id, try terminals.attach(to: info.id, from: .position(0)))
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(person)) } catch { outcome = .failure(error) }
        await terminals.closeAll()
        try outcome.get()
    }

    @Test("a program is seen and typed to, and its exit code is kin's; the terminal is as it was")
    func exit() async throws {
        try await Self.run("box=echo hello; read x; echo got-$x; exit 42") { person in
            try await person.sees("hello")
            try await person.types("word\r")
            try await person.sees("got-word")
            try await person.sees("[same terminal]")
            try await person.sees("[status 42]")
        }
    }

    @Test("Control-C and Control-Z are the program's")
    func controlKeys() async throws {
        try await Self.run("box=trap 'echo caught' INT; echo ready; while :; do sleep 0.02; done") { person in
            try await person.sees("ready")
            try await person.types("\u{03}")
            try await person.sees("caught")
            try await person.types("\u{1d}d")
            try await person.sees("[status 0]")
        }
    }

    @Test("the size is the terminal's own, and follows it")
    func resize() async throws {
        let size = try #require(TerminalSize(columns: 91, rows: 31))
        let script = "trap 'stty size' WINCH; stty size; echo ready; while :; do sleep 0.02; done"
        try await Self.run("box=\(script)", size: size) { person in
            try await person.sees("ready")
            try await person.sees("31 91")
            try person.resizes(columns: 101, rows: 41)
            try await person.sees("41 101")
            try await person.types("\u{1d}d")
            try await person.sees("[same terminal]")
        }
    }

    @Test("detached, it says in one line how to come back, and the screen is left as a program found it")
    func detach() async throws {
        try await Self.run("box=printf '\\033[?1049h\\033[?25l\\033[?1000h'; echo ready; sleep 1000") { person in
            try await person.sees("ready")
            try await person.types("\u{1d}d")
            try await person.sees("[status 0]")
            let text = person.text
            #expect(text.contains("detached; box runs on: come back with  kin attach box"))
            let left = try #require(text.range(of: "\u{1b}[?1049l"))
            #expect(text[left.upperBound...].contains("detached"))
            #expect(text.contains("\u{1b}[?25h") && text.contains("\u{1b}[?1000l"))
            #expect(text.contains("[same terminal]"))
        }
    }

    @Test("what is typed just before the detaching still gets there")
    func typedLast() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "typed-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let script = "echo ready; read x; echo $x > \(path).part; mv \(path).part \(path); sleep 1000"
        try await Self.run("--until", path, "box=\(script)") { person in
            try await person.sees("ready")
            try await person.types("last words\r\u{1d}d")
            try await person.sees("[status 0]")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "last words\n")
        }
    }

    @Test("several terminals: one is shown, the others run on, switching draws again, and an end is told")
    func several() async throws {
        try await Self.run(
            "one=echo in-one; while read x; do echo one-$x; done",
            "two=echo in-two; while read x; do echo two-$x; done",
            "three=read x; exit 5"
        ) { person in
            try await person.sees("in-one")
            #expect(!person.text.contains("in-two"))
            try await person.types("a\r")
            try await person.sees("one-a")
            try await person.types("\u{1d}2")
            try await person.sees("in-two")
            try await person.types("b\r")
            try await person.sees("two-b")
            try await person.types("\u{1d}p")
            try await person.sees(twice: "one-a")
            // Ended while it is shown: the next one comes.
            try await person.types("\u{1d}3\r")
            try await person.sees("three ended with 5")
            try await person.types("\u{1d}2")
            try await person.sees(twice: "two-b")
            try await person.types("\u{04}")
            try await person.sees("two ended with 0")
            try await person.types("\u{04}")
            try await person.sees("[same terminal]")
            try await person.sees("[status 0]")
        }
    }

    @Test("one that is not shown and ends is told of, with a bell")
    func hiddenEnd() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "end-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await Self.run(
            "one=echo in-one; sleep 1000", "two=until [ -e \(path) ]; do sleep 0.02; done; exit 9"
        ) { person in
            try await person.sees("in-one")
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            try await person.sees("[kin: two ended with 9]")
            #expect(person.text.contains("\u{07}"))
            try await person.types("\u{1d}d")
            try await person.sees("[status 0]")
        }
    }

    @Test("a terminal is put back after a signal too", arguments: ["TERM", "HUP", "INT"])
    func signals(name: String) async throws {
        try await Self.run("box=echo ready; read x; kill -\(name) $PPID; sleep 1000") { person in
            try await person.sees("ready")
            try await person.types("\r")
            try await person.sees("[same terminal]")
            let status = try #require(["TERM": 143, "HUP": 129, "INT": 130][name])
            try await person.sees("[status \(status)]")
        }
    }

    @Test(
        "suspended it stops, with the terminal put back; and goes on with the screen drawn again",
        arguments: [true, false])
    func suspend(byKey: Bool) async throws {
        let trial = try #require(Program.built("kin-attach-trial"))
        let terminals = Terminals.local(environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"])
        let info = try terminals.open(TerminalRequest(command: ["/bin/bash", "--norc", "--noprofile"]))
        let person = Person(terminals, info.id, try terminals.attach(to: info.id, from: .position(0)))
        try await person.types("PS1='$ '; stty -a > /tmp/before.$$; \(trial) \"box=echo rea''dy; cat\"\r")
        try await person.sees("ready")
        if byKey { try await person.types("\u{1d}z") } else { try await person.types("\u{1d}\u{1a}") }
        try await person.sees("Stopped")
        try await person.types("stty -a | cmp - /tmp/before.$$ && echo sa''me; rm /tmp/before.$$\r")
        try await person.sees("same")
        try await person.types("fg\r")
        try await person.sees(twice: "ready")
        try await person.types("more\r")
        try await person.sees(twice: "more")
        try await person.types("\u{1d}d")
        try await person.sees("detached")
        await terminals.closeAll()
    }

    @Test("the help is shown, and the program's screen comes back")
    func help() async throws {
        try await Self.run("box=printf '\\033[?1049h\\033[2Jscr'; echo een; cat") { person in
            try await person.sees("screen")
            try await person.types("\u{1d}?")
            try await person.sees("any key goes on")
            try await person.types("x")
            try await person.sees(twice: "screen")
            try await person.types("\u{1d}ky")
            try await person.sees("[status 129]")
        }
    }

    @Test("piped in and out it is plain text, the end of input ends the program, and its code is kin's")
    func piped() async throws {
        let trial = try #require(Program.built("kin-attach-trial"))
        for (input, output, script) in [
            ("one\ntwo\n", "[one]\n[two]\n", #"while read x; do echo "[$x]"; done; exit 6"#),
            ("no line end", "no line end\n", "cat; echo; exit 6"),
            ("", "red\n", "cat; printf '\\033[31mred\\033[0m\\r\\n'; exit 6"),
        ] {
            let ended = try Program.pipe(input, to: trial, ["box=\(script)"])
            #expect(ended.output == output)
            #expect(ended.code == 6)
        }
    }

    @Test("a megabyte piped through a terminal comes out whole")
    func pipedMuch() async throws {
        let trial = try #require(Program.built("kin-attach-trial"))
        let text = (1...150_000).map { "\($0)\n" }.joined()
        let ended = try Program.pipe(text, to: trial, ["box=cat"])
        #expect(ended.output == text)
        #expect(ended.code == 0)
    }

    @Test("a long line piped through a terminal comes out whole", arguments: [4_095, 4_096, 10_001, 100_001])
    func pipedLine(count: Int) async throws {
        let trial = try #require(Program.built("kin-attach-trial"))
        let line = String(repeating: "0123456789", count: count / 10) + String(repeating: "x", count: count % 10)
        for (text, reader) in [(line + "\n", "cat"), (line, "cat"), (line + "\n", "dd bs=1000 status=none")] {
            let ended = try Program.pipe(text, to: trial, ["box=\(reader)"])
            #expect(ended.output == text, "\(reader): \(ended.output.utf8.count) bytes")
            #expect(ended.code == 0)
        }
    }

    @Test("what a terminal takes for keys is data where it is piped")
    func pipedKeys() async throws {
        let trial = try #require(Program.built("kin-attach-trial"))
        let bytes = Array(UInt8(0)...0x7f)
        let ended = try Program.pipe(
            String(decoding: bytes, as: UTF8.self), to: trial, ["box=od -An -v -tu1 | tr -s ' \\n' ' '"])
        #expect(ended.output.split(separator: " ").map(String.init) == bytes.map(String.init))
        #expect(ended.code == 0)
    }

    @Test("a reader of the output that goes ends it quietly")
    func unread() async throws {
        let trial = try #require(Program.built("kin-attach-trial"))
        let script = "\(ShellWord(trial)) 'box=yes' < /dev/null | head -n 1; echo ${PIPESTATUS[0]}"
        let ended = try Program.pipe("", to: "/bin/bash", ["-c", script])
        #expect(ended.output == "y\n0\n")
    }
}
