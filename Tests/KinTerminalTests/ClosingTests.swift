import Foundation
import KinTesting
import KinWire
import Testing

@testable import KinTerminal

/// What is left when a terminal is closed: nothing.
@Suite(.serialized) struct ClosingTests {
    private static func isRunning(_ process: Int32) -> Bool { kill(process, 0) == 0 && !isZombie(process) }

    private static func isZombie(_ process: Int32) -> Bool {
        let stat = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        return stat.split(separator: ")").last?.hasPrefix(" Z") ?? false
    }

    /// The numbers that a script writes down, one a line.
    private static func numbers(_ reading: Reading, count: Int) async throws -> [Int32] {
        try await reading.until {
            $0.split(separator: "\n").filter { $0.hasPrefix("pid ") }.count >= count && $0.hasSuffix("\n")
        }
        return reading.text.split(separator: "\n").filter { $0.hasPrefix("pid ") }.compactMap { Int32($0.dropFirst(4)) }
    }

    @Test("a closed terminal's program is hung up, and the terminal is not listed any more")
    func hangUp() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open("sleep 1000")
            let reading = try bench.attach(info)
            #expect(try await bench.terminals.close(info.id) == .signal(SIGHUP))
            #expect(try await reading.exit() == .signal(SIGHUP))
            #expect(bench.terminals.list() == [])
            #expect(!Self.isRunning(info.process))
            await #expect(throws: KinError.unknownTerminal(info.id)) { try await bench.terminals.close(info.id) }
        }
    }

    @Test("a program may say its last words when it is hung up")
    func lastWords() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open("trap 'echo farewell; exit 9' HUP; echo ready; while :; do sleep 0.02; done")
            let reading = try bench.attach(info)
            try await reading.until("ready")
            #expect(try await bench.terminals.close(info.id) == .code(9))
            _ = try await reading.exit()
            #expect(reading.text.contains("farewell"))
        }
    }

    @Test("who ignores hanging up is killed after the grace, and all it started with it")
    func stubborn() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open(
                """
                trap '' HUP TERM INT; echo pid $$
                sleep 1000 & echo pid $!
                setsid sleep 1000 & echo pid $!
                sh -c 'sleep 1001 & echo pid $!; wait' &
                while :; do sleep 1; done
                """, isPlain: true)
            let reading = try bench.attach(info)
            let processes = try await Self.numbers(reading, count: 4)
            #expect(processes.allSatisfy(Self.isRunning))
            let start = ContinuousClock.now
            #expect(try await bench.terminals.close(info.id) == .signal(SIGKILL))
            let took = ContinuousClock.now - start
            #expect(took >= .milliseconds(400) && took < .seconds(4))
            #expect(processes.filter(Self.isRunning) == [])
        }
    }

    @Test("a stopped program ends too")
    func stopped() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open("echo ready; kill -STOP $$; sleep 1000")
            let reading = try bench.attach(info)
            try await reading.until("ready")
            #expect(try await bench.terminals.close(info.id) == .signal(SIGHUP))
        }
    }

    @Test("what outlives its shell runs on, and ends when the terminal is closed")
    func survivor() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open(
                "(trap '' HUP; sleep 1000 & echo pid $!; wait) & sleep 0.1; exit 4", isPlain: true)
            let reading = try bench.attach(info)
            let processes = try await Self.numbers(reading, count: 1)
            // The end is the program's, not that of whoever holds the terminal open.
            #expect(try await reading.exit() == .code(4))
            #expect(processes.allSatisfy(Self.isRunning))
            #expect(try await bench.terminals.close(info.id) == .code(4))
            #expect(processes.filter(Self.isRunning) == [])
        }
    }

    @Test("all terminals end at the daemon's end, at the same time")
    func all() async throws {
        let bench = try TerminalBench(limits: TerminalLimits(grace: .milliseconds(500)))
        let infos = try (0..<8).map { _ in try bench.open("trap '' HUP; while :; do sleep 0.1; done") }
        let start = ContinuousClock.now
        await bench.terminals.closeAll()
        #expect(ContinuousClock.now - start < .seconds(4))
        #expect(infos.filter { Self.isRunning($0.process) }.map(\.process) == [])
        #expect(bench.terminals.list() == [])
    }

    @Test("two who close at the same time both learn how it ended")
    func twice() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open("trap '' HUP; echo ready; while :; do sleep 0.1; done")
            try await bench.attach(info).until("ready")
            async let one = bench.terminals.close(info.id)
            async let other = bench.terminals.close(info.id)
            #expect(try await [one, other] == [.signal(SIGKILL), .signal(SIGKILL)])
        }
    }

    @Test("20 terminals opened and closed leave no descriptor, no child and no zombie")
    func leaks() async throws {
        try await TerminalBench.run { bench in
            // Whatever is opened once and kept, by the runtime.
            try await bench.terminals.close(try bench.open("sleep 1000").id)
            let (terminals, files, before) = (OpenFiles.terminals, OpenFiles.all.count, try children())
            for number in 0..<20 {
                let info = try bench.open(number % 2 == 0 ? "sleep 1000" : "echo x; exit 1")
                let reading = try bench.attach(info)
                if number % 2 == 1 { _ = try await reading.exit() }
                #expect(OpenFiles.terminals > terminals || number % 2 == 1)
                try await bench.terminals.close(info.id)
            }
            #expect(OpenFiles.terminals == terminals)
            #expect(try await eventually { OpenFiles.all.count <= files })
            #expect(try await eventually { try children().subtracting(before).isEmpty })
        }
    }

    @Test("a program that closes its terminal, and stays, is still closed, and costs no time meanwhile")
    func closedStreams() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open("exec sleep 1000 <&- >&- 2>&-")
            #expect(
                try await eventually {
                    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(info.process)/fd").isEmpty
                })
            // Of all threads of this process, microseconds.
            let before = clock()
            try await Task.sleep(for: .milliseconds(300))
            #expect(clock() - before < 150_000)
            #expect(try await bench.terminals.close(info.id) == .signal(SIGHUP))
        }
    }
}

@Suite struct ProcessTreeTests {
    private static func entry(_ process: Int32, parent: Int32, session: Int32) -> ProcessTree.Entry {
        .init(member: .init(process: process, started: UInt64(process)), parent: parent, session: session)
    }

    private let tree = ProcessTree(entries: [
        entry(1, parent: 0, session: 1), entry(10, parent: 1, session: 10), entry(11, parent: 10, session: 10),
        entry(12, parent: 11, session: 12), entry(13, parent: 12, session: 13), entry(14, parent: 1, session: 10),
        entry(20, parent: 1, session: 20),
    ])

    @Test("a session's tree is its processes and all that descend from them, whatever session those made")
    func session() {
        #expect(tree.members(ofSession: 10).map(\.process).sorted() == [10, 11, 12, 13, 14])
        #expect(tree.members(ofSession: 99) == [])
    }

    @Test("processes that are known are found by number and start, and by those they started")
    func known() {
        let known: Set<ProcessTree.Member> = [.init(process: 12, started: 12), .init(process: 20, started: 7)]
        #expect(tree.members(ofSession: nil, known: known).map(\.process).sorted() == [12, 13])
        #expect(tree.hasSession(12, among: known))
        #expect(!tree.hasSession(20, among: known))
    }

    #if os(Linux)
        @Test("a process's name may hold anything")
        func names() {
            let line = "77 (a) b (c) S 1 70 60 34816 70 4194304 1 0 0 0 0 0 0 0 20 0 1 0 12345 1000 100"
            let entry = ProcessTree.parse(Array(line.utf8)[...], 77)
            #expect(entry == .init(member: .init(process: 77, started: 12345), parent: 1, session: 60))
            #expect(ProcessTree.parse(Array("77 (x) Z 1 70 60".utf8)[...], 77) == nil)
            #expect(ProcessTree.parse([], 77) == nil)
        }

        @Test("this process is among those that run")
        func running() {
            #expect(ProcessTree.running().entries.contains { $0.member.process == getpid() })
        }
    #endif
}
