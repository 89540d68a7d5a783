import Foundation
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinTerminal

@Suite(.serialized) struct TerminalTests {
    @Test("how a program ended is told to whoever is attached, and to who comes later")
    func exits() async throws {
        try await TerminalBench.run { bench in
            for (script, exit) in [
                ("exit 0", TerminalExit.code(0)), ("exit 42", .code(42)), ("exit 255", .code(255)),
                ("kill -TERM $$", .signal(SIGTERM)), ("kill -KILL $$", .signal(SIGKILL)),
            ] {
                let info = try bench.open(script)
                #expect(try await bench.attach(info).exit() == exit)
                #expect(try bench.terminals.info(of: info.id).exit == exit)
                #expect(try await bench.attach(info, from: .end).exit() == exit)
                #expect(try await bench.attach(info, from: .screen).exit() == exit)
            }
            #expect(TerminalExit.signal(9).status == 137)
        }
    }

    @Test("all that a program put out comes before its end, however fast it was")
    func lastWords() async throws {
        try await TerminalBench.run { bench in
            for number in 0..<20 {
                let (text, exit) = try await bench.result(of: "seq 1 400; echo end-\(number); exit 3")
                #expect(exit == .code(3))
                #expect(text.hasSuffix("400\nend-\(number)\n"))
                #expect(text.split(separator: "\n").count == 401)
            }
        }
    }

    @Test("nothing follows the end, for who was attached and for who asks again")
    func over() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open("exit 1")
            let reading = try bench.attach(info)
            _ = try await reading.exit()
            #expect(try await reading.next() == nil)
            await #expect(throws: KinError.terminalEnded) { try await bench.type("x", to: info) }
            #expect(throws: KinError.terminalEnded) { try bench.terminals.resize(info.id, to: .usual) }
        }
    }

    @Test("Control-C interrupts what is in front, and the shell goes on")
    func interrupt() async throws {
        try await TerminalBench.run(shell: "/bin/bash") { bench in
            let info = try bench.terminals.open(TerminalRequest())
            let reading = try bench.attach(info)
            try await bench.type("echo sta''rted; sleep 1000\n", to: info)
            try await reading.until("started")
            try await bench.type("\u{03}", to: info)
            try await bench.type("echo code-$?\n", to: info)
            try await reading.until("code-130")
        }
    }

    @Test("Control-Z stops what is in front, and fg goes on with it")
    func stop() async throws {
        try await TerminalBench.run(shell: "/bin/bash") { bench in
            let info = try bench.terminals.open(TerminalRequest())
            let reading = try bench.attach(info)
            try await bench.type("sh -c 'echo sta''rted; read x; echo go''t-$x'\n", to: info)
            try await reading.until("started")
            try await bench.type("\u{1a}", to: info)
            try await reading.until("Stopped")
            try await bench.type("echo in-''shell\n", to: info)
            try await reading.until("in-shell")
            try await bench.type("fg\n", to: info)
            try await bench.type("line\n", to: info)
            try await reading.until("got-line")
        }
    }

    @Test("a new size is what programs see, and they are told")
    func resize() async throws {
        try await TerminalBench.run { bench in
            let size = try #require(TerminalSize(columns: 91, rows: 33))
            let info = try bench.open(
                "stty size; trap 'stty size' WINCH; echo ready; while :; do sleep 0.02; done", size: size)
            let reading = try bench.attach(info)
            try await reading.until("33 91")
            try await reading.until("ready")
            try bench.terminals.resize(info.id, to: try #require(TerminalSize(columns: 120, rows: 50)))
            try await reading.until("50 120")
            #expect(try bench.terminals.info(of: info.id).size == TerminalSize(columns: 120, rows: 50))
            // As who attaches has it.
            let other = try bench.attach(info, from: .screen, size: TerminalSize(columns: 70, rows: 20))
            try await reading.until("20 70")
            other.output.detach()
        }
    }

    @Test("what was typed arrives in order and whole, however large it is")
    func input() async throws {
        try await TerminalBench.run { bench in
            // As an editor sets it: every byte as it is.
            let info = try bench.open("stty raw -echo; echo ready; head -c 3000000 | cksum", isPlain: true)
            let reading = try bench.attach(info)
            try await reading.until("ready")
            let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }
            for start in stride(from: 0, to: bytes.count, by: 60_000) {
                try await bench.terminals.write(Array(bytes[start..<min(start + 60_000, bytes.count)]), to: info.id)
            }
            #expect(try await reading.exit() == .code(0))
            let path = bench.folder.file("typed")
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let (expected, _) = try await bench.result(of: "cksum < \(path)")
            #expect(reading.text.hasSuffix(expected))
        }
    }

    @Test("who types to a program that does not read waits, and too much at once is refused")
    func inputBounds() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open("stty raw -echo; echo ready; sleep 1000")
            let reading = try bench.attach(info)
            try await reading.until("ready")
            let full = [UInt8](repeating: 0x61, count: 64 << 10)
            await #expect(throws: KinError.self) { try await bench.terminals.write(full + [0], to: info.id) }
            // The system and the session take some.
            try await bench.terminals.write(full, to: info.id)
            let late = Task { try await bench.terminals.write(full, to: info.id) }
            let later = Task { try await bench.terminals.write(full, to: info.id) }
            later.cancel()
            await #expect(throws: CancellationError.self) { try await later.value }
            try await bench.terminals.close(info.id)
            await #expect(throws: KinError.terminalEnded) { try await late.value }
        }
    }

    @Test("so many terminals at once and no more, and one that ended makes room")
    func limit() async throws {
        try await TerminalBench.run(limits: TerminalLimits(sessions: 3, grace: .milliseconds(200))) { bench in
            let infos = try (0..<3).map { _ in try bench.open("sleep 1000") }
            let error = #expect(throws: KinError.self) { try bench.open("true") }
            #expect(error?.code == "terminal_limit")
            try await bench.terminals.close(infos[1].id)
            _ = try bench.open("sleep 1000")
            #expect(bench.terminals.list().map(\.id).contains(infos[1].id) == false)
            #expect(throws: KinError.unknownTerminal(infos[1].id)) { try bench.terminals.info(of: infos[1].id) }
        }
    }

    @Test("those that ended are listed for their time, and only so many of them")
    func forgotten() async throws {
        let clock = TestClock()
        let bench = try TerminalBench(
            limits: TerminalLimits(ended: 2, endedLifetime: 1000), now: { clock.now })
        for _ in 0..<4 {
            let info = try bench.open("exit 0")
            _ = try await bench.attach(info).exit()
            clock.advance(by: 1)
        }
        #expect(bench.terminals.list().count == 2)
        clock.advance(by: 2000)
        #expect(bench.terminals.list() == [])
        await bench.terminals.closeAll()
    }

    @Test("a list says what runs, who is attached and since when")
    func list() async throws {
        let clock = TestClock()
        let bench = try TerminalBench(now: { clock.now })
        let info = try bench.terminals.open(TerminalRequest(name: "build", command: ["sleep", "1000"]))
        let opened = clock.now
        #expect(info.name == "build" && info.command == ["sleep", "1000"] && info.opened == opened)
        #expect(info.attached == 0 && info.lastAttached == nil && info.exit == nil)
        #expect(kill(info.process, 0) == 0)
        clock.advance(by: 5)
        var reading: Reading? = try bench.attach(info)
        let watcher = try bench.attach(info, from: .end)
        #expect(reading != nil)
        #expect(try bench.terminals.info(of: info.id).attached == 1)
        #expect(try bench.terminals.info(of: info.id).lastAttached == opened + 5)
        clock.advance(by: 5)
        reading = nil
        #expect(try bench.terminals.info(of: info.id).attached == 0)
        #expect(try bench.terminals.info(of: info.id).lastAttached == opened + 10)
        await bench.terminals.closeAll()
        #expect(try await watcher.exit() == .signal(SIGHUP))
        let error = #expect(throws: KinError.self) { try bench.open("true") }
        #expect(error?.code == "terminals_stopping")
    }
}
