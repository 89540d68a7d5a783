import Foundation
import KinEncoding
import Testing

@testable import KinCommands

@Suite("Commands where no daemon runs")
struct WithoutDaemonTests {
    private static let commands = [
        ["send", "studio", "hi"], ["inbox"], ["inbox", "--follow"], ["inbox", "--json"], ["peers"], ["message", "m-1"],
        ["mesh", "set"], ["mesh", "set", "concurrent-policy", "prefer_oldest"],
    ]

    private func enrolled() async throws -> Stage {
        let stage = try Stage(terminal: ScriptedTerminal(piped: Stage.phrase))
        let status = await stage.run("wallet", "import")
        try #require(status == .ok)
        return stage
    }

    @Test("without a wallet they name the first step, exit code 5", arguments: commands)
    func noWallet(arguments: [String]) async throws {
        let stage = try Stage()
        #expect(await KinCommand.execute(arguments, in: stage.context) == .notFound)
        #expect(stage.errors.text.contains("kin wallet import"))
        #expect(stage.output.text.isEmpty)
    }

    @Test("with a wallet they name kin up, exit code 3", arguments: commands)
    func notRunning(arguments: [String]) async throws {
        let stage = try await enrolled()
        defer { stage.remove() }
        #expect(await KinCommand.execute(arguments, in: stage.context) == .unreachable)
        #expect(stage.errors.text.contains("kin up"))
    }

    @Test("status answers all the same, with exit code 3")
    func status() async throws {
        let stage = try await enrolled()
        defer { stage.remove() }
        #expect(await stage.run("status") == .unreachable)
        #expect(stage.output.text.contains("not running: start it with  kin up"))
        #expect(await stage.run("status", "--json") == .unreachable)
        let last = try #require(stage.output.lines.last)
        guard case .object(let answer) = try JSON.parse(Array(last.utf8)) else {
            Issue.record("no object: \(last)")
            return
        }
        #expect(answer["running"] == .bool(false))
        #expect(stage.errors.text.isEmpty)
    }

    @Test("an id that no message can have is a wrong argument")
    func impossibleID() async throws {
        #expect(await (try Stage()).run("message", "a b") == .usage)
    }

    @Test("nothing to send is said, before a daemon is asked")
    func nothing() async throws {
        let stage = try Stage(terminal: ScriptedTerminal(answers: []))
        #expect(await stage.run("send", "studio") == .usage)
        #expect(stage.errors.text.contains("say what to send"))
    }

    @Test("an empty message is not sent", arguments: [["send", "studio", ""], ["send", "studio", "-"]])
    func empty(arguments: [String]) async throws {
        let stage = try Stage(terminal: ScriptedTerminal(piped: "\n"))
        #expect(await KinCommand.execute(arguments, in: stage.context) == .usage)
        #expect(stage.errors.text.contains("the message is empty"))
    }

    @Test("a home that others can write is refused by every command")
    func looseHome() async throws {
        let stage = try await enrolled()
        defer { stage.remove() }
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: stage.home)
        for arguments in Self.commands + [["wallet", "address"], ["status"], ["devices"]] {
            #expect(await KinCommand.execute(arguments, in: stage.context) == .refused, "\(arguments)")
            #expect(stage.errors.lines.last?.contains("chmod 700") == true)
        }
    }

    @Test("piped bytes that are no text are refused, and too many too")
    func piped() async throws {
        let large = try Stage(terminal: ScriptedTerminal(piped: String(repeating: "x", count: 1 << 20 + 1)))
        #expect(await large.run("send", "studio", "-") == .refused)
        #expect(large.errors.text.contains("longer than 1048576 bytes"))
    }

    @Test("devices asks the servers themselves; where none answers and nobody was seen before it fails")
    func devices() async throws {
        let stage = try await enrolled()
        defer { stage.remove() }
        // Port 1 answers nobody.
        try StateFolderWriting.configuration("servers = [\"http://127.0.0.1:1\"]\n", home: stage.home)
        let table = RecordingStream()
        var context = stage.context
        context.output = table
        #expect(await KinCommand.execute(["devices"], in: context) == .unreachable)
        #expect(table.lines.isEmpty)
        #expect(stage.errors.text.contains("no daemon runs here"))
        #expect(stage.errors.text.contains("http://127.0.0.1:1"))
    }
}

enum StateFolderWriting {
    static func configuration(_ text: String, home: String) throws {
        try text.write(toFile: home + "/config.toml", atomically: true, encoding: .utf8)
    }
}
