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

    @Test("one who takes no answers holds the program back, and everything comes at last")
    func slow() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let studio = try await Studio(daemons[0])
            defer { studio.close() }
            let info = try await studio.open("seq 1 400000", isPlain: true)
            let screen = try await studio.attach(info.id, from: .position(0))
            try await Task.sleep(for: .milliseconds(300))
            #expect(try await screen.exit() == .code(0))
            #expect(screen.text == (1...400_000).map { "\($0)\n" }.joined())
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
