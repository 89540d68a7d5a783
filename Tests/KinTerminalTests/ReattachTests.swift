import Foundation
import KinTesting
import KinWire
import Testing

@testable import KinTerminal

/// What one sees who comes back.
@Suite(.serialized) struct ReattachTests {
    /// Where the program is there.
    private static func find(_ program: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\(program)")
    }

    @Test("the first who attaches gets what the program said from its start, questions to the terminal too")
    func first() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open("printf '\\033[6nhello'; sleep 1000")
            #expect(try await eventually { try bench.terminals.info(of: info.id).exit == nil })
            let reading = try bench.attach(info, from: .screen)
            try await reading.until("hello")
            #expect(reading.text.contains("\u{1b}[6n"))
            reading.output.detach()
            let again = try bench.attach(info, from: .screen)
            try await again.until("hello")
            #expect(!again.text.contains("\u{1b}[6n"))
        }
    }

    @Test("a prompt is there again, with what stood above it")
    func prompt() async throws {
        try await TerminalBench.run(shell: "/bin/bash") { bench in
            let info = try bench.terminals.open(TerminalRequest())
            let reading = try bench.attach(info)
            try await bench.type("PS1='my-''prompt> '; echo out''put\n", to: info)
            try await reading.until { $0.contains("output") && $0.hasSuffix("my-prompt> ") }
            reading.output.detach()
            let again = try bench.attach(info, from: .screen)
            try await again.until { $0.contains("output") && $0.contains("my-prompt> ") }
            // Readline had turned marks of pastes on.
            try await again.until { $0.contains("\u{1b}[?2004h") }
        }
    }

    @Test("an editor draws its screen again, in the size of who comes back", .enabled(if: find("vim")))
    func vim() async throws {
        try await TerminalBench.run { bench in
            let path = bench.folder.file("text")
            try Data((1...100).map { "line number \($0)\n" }.joined().utf8).write(to: URL(fileURLWithPath: path))
            let info = try bench.terminals.open(
                TerminalRequest(command: ["vim", "-u", "NONE", "-i", "NONE", "+50", path]))
            let reading = try bench.attach(info)
            try await reading.until { $0.contains("line number 50") && $0.contains("line number 60") }
            reading.output.detach()
            let size = try #require(TerminalSize(columns: 100, rows: 40))
            let again = try bench.attach(info, from: .screen, size: size)
            guard case .screen(let position, let bytes)? = try await again.next() else {
                Issue.record("no screen came")
                return
            }
            #expect(String(decoding: bytes, as: UTF8.self).contains("\u{1b}[?1049h"))
            // What follows is drawn anew, for forty rows.
            var fresh = ""
            while !fresh.contains("line number 65") {
                guard case .output(let at, let bytes)? = try await again.next() else { break }
                if fresh.isEmpty { #expect(at == position) }
                fresh += String(decoding: bytes, as: UTF8.self)
            }
            #expect(fresh.contains("line number 50") || fresh.contains("line number 51"))
            try await bench.type("\u{1b}:q!\n", to: info)
            #expect(try await again.exit() == .code(0))
        }
    }

    @Test("a pager draws its screen again though the size is the same", .enabled(if: find("less")))
    func less() async throws {
        try await TerminalBench.run { bench in
            let path = bench.folder.file("text")
            try Data((1...1000).map { "row \($0).\n" }.joined().utf8).write(to: URL(fileURLWithPath: path))
            let info = try bench.terminals.open(TerminalRequest(command: ["less", path]))
            let reading = try bench.attach(info)
            try await reading.until("row 20.")
            try await bench.type("300g", to: info)
            try await reading.until("row 310.")
            reading.output.detach()
            let again = try bench.attach(info, from: .screen)
            guard case .screen? = try await again.next() else {
                Issue.record("no screen came")
                return
            }
            var fresh = ""
            while !(fresh.contains("row 301.") && fresh.contains("row 320.")) {
                guard case .output(_, let bytes)? = try await again.next() else { break }
                fresh += String(decoding: bytes, as: UTF8.self)
            }
            #expect(try await eventually { try bench.terminals.info(of: info.id).size == .usual })
            try await bench.type("q", to: info)
            #expect(try await again.exit() == .code(0))
        }
    }

    @Test("a program that has the screen sees another size for a moment, and then the true one")
    func nudged() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open(
                "printf '\\033[?1049h'; trap 'stty size' WINCH; echo ready; while :; do sleep 0.01; done")
            let reading = try bench.attach(info)
            try await reading.until("ready")
            let again = try bench.attach(info, from: .screen)
            try await again.until { $0.contains("23 80") && $0.contains("24 80") }
            again.output.detach()
            // A shell's prompt is left alone.
            let shell = try bench.open("trap 'echo changed' WINCH; echo ready; while :; do sleep 0.01; done")
            try await bench.attach(shell).until("ready")
            let other = try bench.attach(shell, from: .screen)
            try await other.until("ready")
            await #expect(throws: TookTooLong.self) { _ = try await other.next(within: .milliseconds(300)) }
        }
    }
}
