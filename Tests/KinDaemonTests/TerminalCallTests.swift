import Foundation
import KinCalls
import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

/// `/term/*` of another device, through the relay of a real server.
@Suite(.serialized) struct TerminalCallTests {
    @Test("a program on another device: opened, seen, typed to, resized, and ended")
    func program() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let studio = try await Studio(daemons[0])
            defer { studio.close() }
            let info = try await studio.open(
                "stty size; read x; echo got-$x; read x; stty size; exit 7", name: "work",
                size: TerminalSize(columns: 91, rows: 31))
            #expect(info.name == "work" && info.exit == nil)
            #expect(try await studio.list() == [info])
            let screen = try await studio.attach(info.id)
            try await screen.sees("31 91")
            try await studio.type("hello\n", info.id)
            try await screen.sees("got-hello")
            let size = try #require(TerminalSize(columns: 70, rows: 20))
            _ = try await studio.call("resize", TerminalResize(id: info.id, size: size).json)
            try await studio.type("\n", info.id)
            try await screen.sees("20 70")
            #expect(try await screen.exit() == .code(7))
            #expect(try await studio.list().map(\.exit) == [.code(7)])
            #expect(try await studio.end(info.id) == .code(7))
            #expect(try await studio.list() == [])
        }
    }

    @Test("one's own device is asked in the same way")
    func own() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop")
            let laptop = try await Studio(daemons[0], node: "")
            defer { laptop.close() }
            let info = try await laptop.open("echo here; exit 3")
            let screen = try await laptop.attach(info.id)
            #expect(try await screen.exit() == .code(3))
            #expect(screen.text.contains("here"))
        }
    }

    @Test("a call that is given up leaves the program running, and who comes back sees what was missed")
    func detach() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let studio = try await Studio(daemons[0])
            defer { studio.close() }
            let info = try await studio.open("echo first; read x; seq 1 3000; echo last; read x; exit 1")
            let screen = try await studio.attach(info.id)
            try await screen.sees("first")
            screen.answers.abort()
            try await eventually("nobody is attached") { try await studio.list().first?.attached == 0 }
            try await studio.type("\n", info.id)
            let again = try await studio.attach(info.id)
            try await again.sees("last")
            #expect(again.text.contains("first") && again.text.contains("3000"))
            // And from a position.
            let rest = try await studio.attach(info.id, from: .position(5))
            try await rest.sees("last")
            #expect(rest.text.hasPrefix("\r\n"))
            let watcher = try await studio.attach(info.id, from: .end)
            try await studio.type("\n", info.id)
            #expect(try await watcher.exit() == .code(1))
            #expect(watcher.text == "")
        }
    }

    @Test("where the link to it was over the next attachment has another, and the screen is as it was")
    func linkOver() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            // By the clock that the daemons have in the end: a call's deadline is a time.
            let studio = try await Studio(daemons[0], now: { realNow() + 31_000 })
            defer { studio.close() }
            let info = try await studio.open("echo first; read x; echo got-$x; read x; exit 1")
            let screen = try await studio.attach(info.id)
            try await screen.sees("first")
            try await house.server.stop()
            house.letPass(31_000)
            let fault = await #expect(throws: CallFault.self) { try await screen.sees("what never comes") }
            #expect(fault?.code == CallCode.unavailable.rawValue)
            try await house.server.start()
            let again = try await eventually("it is reached again") {
                let screen = try await studio.attach(info.id)
                do { try await screen.sees("first") } catch is CallFault { return nil as Screen? }
                return screen
            }
            try await studio.type("word\n", info.id)
            try await again.sees("got-word")
            let figures = try await daemons[0].figures()
            #expect(figures["kin_daemon_opened_links_total{event=\"opened\"}"] == 2)
            #expect(figures["kin_daemon_opened_links_total{event=\"cut\"}"] == 1)
            #expect(figures["kin_daemon_opened_links_total{event=\"continued\"}"] == 0)
            #expect(figures["kin_daemon_opened_link_ends_total{reason=\"not_continued\"}"] == 1)
        }
    }

    @Test("one who takes no answers holds the program back, and everything comes at last")
    func slow() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let studio = try await Studio(daemons[0])
            defer { studio.close() }
            let info = try await studio.open("echo ready; read x; seq 1 400000", isPlain: true)
            let screen = try await studio.attach(info.id, from: .position(0))
            try await screen.sees("ready\n")
            try await studio.type("\n", info.id)
            try await Task.sleep(for: .milliseconds(300))
            #expect(try await screen.exit() == .code(0))
            #expect(screen.text == "ready\n" + (1...400_000).map { "\($0)\n" }.joined())
        }
    }

    @Test("one key opens one terminal, however often it is asked, and types once")
    func keys() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let request = TerminalRequest(command: ["/bin/cat"], isPlain: true).json
            var ids: Set<ULID> = []
            for _ in 0..<3 {
                // Each on a stream of its own, as after one was lost.
                let studio = try await Studio(daemons[0])
                defer { studio.close() }
                let answers = try await withThrowingTaskGroup(of: JSON.self) { group in
                    for _ in 0..<3 { group.addTask { try await studio.call("open", request, under: "k") } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                ids.formUnion(try answers.map { try TerminalInfo(json: $0).id })
            }
            #expect(ids.count == 1)
            let studio = try await Studio(daemons[0])
            defer { studio.close() }
            #expect(try await studio.list().map(\.id) == Array(ids))
            let id = ids.first ?? ULID(milliseconds: 0, randomness: Array(repeating: 0, count: 10))
            let other = await #expect(throws: CallFault.self) {
                try await studio.call("open", TerminalRequest(command: ["/bin/ls"]).json, under: "k")
            }
            #expect(other?.code == "INVALID_INPUT")
            for _ in 0..<3 {
                _ = try await studio.call("write", TerminalInput(id: id, bytes: Array("hi\n".utf8)).json, under: "w")
            }
            _ = try await studio.call("write", TerminalInput(id: id, bytes: [4]).json)
            let screen = try await studio.attach(id, from: .position(0))
            _ = try await screen.exit()
            #expect(screen.text == "hi\n")
            let ended = try await studio.call("close", TerminalReference(id: id).json, under: "c")
            #expect(try await studio.call("close", TerminalReference(id: id).json, under: "c") == ended)
        }
    }

    @Test("what cannot be is said with its code")
    func errors() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let studio = try await Studio(daemons[0])
            defer { studio.close() }
            func code(_ operation: String, _ input: JSON) async -> String? {
                do {
                    _ = try await studio.call(operation, input)
                    return nil
                } catch { return (error as? CallFault)?.code }
            }
            let none = TerminalReference(id: ULID(milliseconds: 0, randomness: Array(repeating: 0, count: 10))).json
            #expect(await code("close", none) == "unknown_terminal")
            #expect(await code("attach", none) == "unknown_terminal")
            #expect(await code("close", .object([:])) == "INVALID_INPUT")
            #expect(await code("open", TerminalRequest(command: ["no-such-program"]).json) == "command_not_found")
            #expect(await code("open", TerminalRequest(folder: "/no/such").json) == "folder_not_found")
            let info = try await studio.open("exit 0")
            let screen = try await studio.attach(info.id)
            _ = try await screen.exit()
            #expect(await code("write", TerminalInput(id: info.id, bytes: [13]).json) == "terminal_ended")
        }
    }

    @Test("the daemon's end is the end of its terminals, within 5 seconds")
    func daemonEnds() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let studio = try await Studio(daemons[0])
            defer { studio.close() }
            let info = try await studio.open("trap '' HUP TERM; echo ready; while :; do sleep 0.1; done")
            try await studio.attach(info.id).sees("ready")
            #expect(kill(info.process, 0) == 0)
            let start = ContinuousClock.now
            try await daemons[1].stop()
            #expect(ContinuousClock.now - start < .seconds(5))
            #expect(kill(info.process, 0) != 0)
        }
    }
}
