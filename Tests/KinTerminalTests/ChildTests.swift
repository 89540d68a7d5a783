import Foundation
import KinTesting
import KinWire
import Testing

@testable import KinTerminal

/// What a program on a terminal is given.
@Suite(.serialized) struct ChildTests {
    @Test("no descriptor of this process is inherited, whatever it has open")
    func descriptors() async throws {
        // One that would be inherited: without close-on-exec.
        let leak = dup(open("/dev/null", O_RDONLY))
        defer { close(leak) }
        try await TerminalBench.run { bench in
            let (text, exit) = try await bench.result(of: "ls -l /proc/self/fd | sed 's/.* \\([0-9]* -> .*\\)/\\1/'")
            #expect(exit == .code(0))
            // ls itself opens the folder.
            let files = text.split(separator: "\n").filter { $0.contains("->") && !$0.contains("/proc/") }
            #expect(files.map { $0.prefix(1) } == ["0", "1", "2"])
            #expect(files[0].contains("/dev/pts/") && files[2].contains("/dev/pts/"))
        }
    }

    @Test("no signal is blocked or ignored, though this process ignores some")
    func signals() async throws {
        signal(SIGPIPE, SIG_IGN)
        try await TerminalBench.run { bench in
            let (text, _) = try await bench.result(of: "grep -E '^Sig(Blk|Ign)' /proc/self/status")
            for line in text.split(separator: "\n") {
                let mask = try #require(UInt64(line.split(separator: "\t")[1], radix: 16))
                // 32 and 33 are the C library's own, which no program can use.
                #expect(mask & ~(1 << 31 | 1 << 32) == 0, "\(line)")
            }
            #expect(text.contains("SigIgn") && text.contains("SigBlk"))
        }
    }

    @Test("it leads a session and a process group of its own, and the terminal is its controlling one")
    func session() async throws {
        try await TerminalBench.run { bench in
            let (text, _) = try await bench.result(of: "cut -d' ' -f1,5,6,8 /proc/$$/stat; tty; echo x > /dev/tty")
            let lines = text.split(separator: "\n").map(String.init)
            try #require(lines.count == 3)
            #expect(Set(lines[0].split(separator: " ")).count == 1, "pid, group, session, group in front: \(lines[0])")
            #expect(lines[1].hasPrefix("/dev/pts/"))
            #expect(lines[2] == "x")
        }
    }

    @Test("its environment is a login's, and has nothing of this process's own")
    func environment() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.terminals.open(TerminalRequest(command: ["env"], kind: "tmux-256color", isPlain: true))
            let reading = try bench.attach(info)
            _ = try await reading.exit()
            #expect(
                Set(reading.text.split(separator: "\n").map(String.init)) == [
                    "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TERM=tmux-256color", "HOME=\(bench.folder.path)",
                    "USER=somebody", "LOGNAME=somebody", "SHELL=/bin/sh",
                ])
        }
    }

    @Test("without a command it is the login shell, which is told so")
    func shell() async throws {
        try await TerminalBench.run(shell: "/bin/bash") { bench in
            let info = try bench.terminals.open(TerminalRequest())
            #expect(info.command == ["-bash"])
            let reading = try bench.attach(info)
            try await bench.type("shopt -q login_shell && echo log''in $PWD\n", to: info)
            try await reading.until("login \(bench.folder.path)")
            try await bench.type("exit 7\n", to: info)
            #expect(try await reading.exit() == .code(7))
        }
    }

    @Test("it runs where it was asked to, and says what is not there")
    func places() async throws {
        try await TerminalBench.run { bench in
            func error(_ request: TerminalRequest) throws -> String? {
                do {
                    _ = try bench.terminals.open(request)
                    return nil
                } catch { return error.code }
            }
            for (folder, place) in [
                ("/usr", "/usr"), ("~", bench.folder.path), ("../..", "/"), (nil, bench.folder.path),
            ] {
                let info = try bench.terminals.open(TerminalRequest(command: ["pwd"], folder: folder, isPlain: true))
                let reading = try bench.attach(info)
                _ = try await reading.exit()
                if folder != "../.." { #expect(reading.text == place + "\n") }
            }
            #expect(try error(TerminalRequest(folder: "/no/such")) == "folder_not_found")
            #expect(try error(TerminalRequest(command: ["no-such-program"])) == "command_not_found")
            #expect(try error(TerminalRequest(command: ["/etc/passwd"])) == "command_not_found")
            #expect(try error(TerminalRequest(command: ["./x"])) == "command_not_found")
            #expect(try error(TerminalRequest(command: [])) == "terminal_request_invalid")
            #expect(try error(TerminalRequest(command: ["a\0b"])) == "terminal_request_invalid")
            #expect(try error(TerminalRequest(kind: "x;reboot")) == "terminal_request_invalid")
            #expect(try error(TerminalRequest(name: "a\u{1b}[2J")) == "terminal_request_invalid")
            #expect(bench.terminals.list().count == 4)
        }
    }

    @Test("a script that no system can run leaves nothing open")
    func notRunnable() async throws {
        try await TerminalBench.run { bench in
            let path = bench.folder.file("broken")
            try Data([0x7f, 0x45, 0x4c, 0x46, 0]).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            let (files, before) = (OpenFiles.terminals, try children())
            let error = #expect(throws: KinError.self) { try bench.terminals.open(TerminalRequest(command: [path])) }
            #expect(error?.code == "terminal_failed")
            #expect(OpenFiles.terminals == files)
            #expect(try children() == before)
        }
    }

    @Test("characters are erased whole")
    func characters() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open("echo ready; read line; echo \"got $line\"")
            let reading = try bench.attach(info)
            try await reading.until("ready")
            try await bench.type("aü\u{7f}b\n", to: info)
            try await reading.until("got ab")
        }
    }
}
