import Foundation
import KinTesting
import KinWire
import Testing

@testable import KinTerminal

/// Who reads slowly, or not at all, or goes.
@Suite(.serialized) struct PressureTests {
    @Test("100 MB come whole and in order to one who is attached")
    func everything() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open(
                "stty -opost; echo ready; read x; head -c 100000000 /dev/zero | tr '\\0' 'abcdefgh'")
            let output = try bench.terminals.attach(to: info.id, from: .position(0))
            var (position, count) = (Int64(0), 0)
            try await bench.type("\n", to: info)
            var exit: TerminalExit?
            while let event = await output.next() {
                switch event {
                case .output(let at, let bytes):
                    #expect(at == position)
                    position += Int64(bytes.count)
                    count += bytes.count
                case .exited(let end): exit = end
                case .gap, .screen: Issue.record("\(event) came to one who was attached all the time")
                }
            }
            #expect(exit == .code(0))
            #expect(count >= 100_000_000 && count < 100_000_100)
        }
    }

    @Test("one who does not read holds the program back, and gets all of it at last")
    func slow() async throws {
        let limits = TerminalLimits(ringBytes: 64 << 10, grace: .milliseconds(300))
        try await TerminalBench.run(limits: limits) { bench in
            let path = bench.folder.file("done")
            let info = try bench.open("seq 1 200000; touch \(path)", isPlain: true)
            let reading = try bench.attach(info)
            try await reading.until { $0.contains("\n100\n") }
            // Held: for longer than the rest takes.
            try await Task.sleep(for: .milliseconds(700))
            #expect(!FileManager.default.fileExists(atPath: path))
            #expect(try await reading.exit() == .code(0))
            #expect(reading.text == (1...200_000).map { "\($0)\n" }.joined())
            #expect(!reading.events.contains { if case .gap = $0 { true } else { false } })
        }
    }

    @Test("while nobody is attached the program runs on, and the newest is kept")
    func nobody() async throws {
        try await TerminalBench.run(limits: TerminalLimits(ringBytes: 64 << 10, grace: .milliseconds(300))) { bench in
            let info = try bench.open("seq 1 200000", isPlain: true)
            let watcher = try bench.attach(info, from: .end)
            #expect(try await watcher.exit() == .code(0))
            let reading = try bench.attach(info, from: .position(100))
            #expect(try await reading.exit() == .code(0))
            guard case .gap(let gap)? = reading.events.first else {
                Issue.record("the gap is not told of: \(reading.events.prefix(1))")
                return
            }
            #expect(gap.lowerBound == 100)
            let text = reading.text
            #expect(text.utf8.count > 48 << 10 && text.utf8.count <= 64 << 10)
            // From a line's beginning to the end, nothing missing.
            let first = try #require(Int(text.prefix { $0 != "\n" }))
            #expect(text == (first...200_000).map { "\($0)\n" }.joined())
        }
    }

    @Test("a reader that goes lets the program run on: detached, dropped, or cancelled", arguments: 0..<3)
    func gone(way: Int) async throws {
        try await TerminalBench.run(limits: TerminalLimits(ringBytes: 64 << 10, grace: .milliseconds(300))) { bench in
            let info = try bench.open("seq 1 100000; exit 5", isPlain: true)
            var reading: Reading? = try bench.attach(info)
            try await reading?.until("\n100\n")
            // Long enough for the program to fill what it may, and to wait for the reader.
            try await Task.sleep(for: .milliseconds(200))
            switch way {
            case 0: reading?.output.detach()
            case 1: reading = nil
            default:
                let output = try #require(reading?.output)
                let task = Task { while await output.next() != nil {} }
                task.cancel()
                await task.value
            }
            #expect(try await bench.attach(info, from: .end).exit() == .code(5))
            if let reading { #expect(try await reading.next() == nil) }
        }
    }

    @Test("one who waits and is cancelled is attached no more")
    func cancelled() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open("sleep 1000")
            let output = try bench.terminals.attach(to: info.id, from: .screen)
            let task = Task { await output.next() }
            #expect(try await eventually { try bench.terminals.info(of: info.id).attached == 1 })
            task.cancel()
            #expect(await task.value == nil)
            #expect(try bench.terminals.info(of: info.id).attached == 0)
        }
    }

    @Test("two who are attached both get everything, at the pace of the slower")
    func two() async throws {
        try await TerminalBench.run(limits: TerminalLimits(ringBytes: 64 << 10, grace: .milliseconds(300))) { bench in
            let info = try bench.open("echo ready; read x; seq 1 50000", isPlain: true)
            let (one, other) = (try bench.attach(info), try bench.attach(info))
            try await bench.type("\n", to: info)
            async let first = one.exit()
            for _ in 0..<10 {
                _ = try await other.next()
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(try await other.exit() == .code(0))
            #expect(try await first == .code(0))
            #expect(one.text == other.text)
            #expect(one.text.hasSuffix("49999\n50000\n"))
        }
    }

    @Test("after a cut, output goes on at the position where it stopped")
    func position() async throws {
        try await TerminalBench.run { bench in
            let info = try bench.open("seq 1 2000; read x; seq 2001 4000", isPlain: true)
            let first = try bench.attach(info)
            try await first.until("\n1000\n")
            first.output.detach()
            let got = Int64(first.bytes.count)
            try await bench.type("\n", to: info)
            let second = try bench.attach(info, from: .position(got))
            #expect(try await second.exit() == .code(0))
            #expect(first.text + second.text == (1...4000).map { "\($0)\n" }.joined())
        }
    }
}
