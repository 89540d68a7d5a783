import Foundation
import KinIdentity
import KinTesting
import Testing

@testable import KinCommands

@Suite("kin daemon")
struct DaemonTests {
    private static let elsewhere = TestHost(etc: "fedcba9876543210fedcba9876543210", macs: ["eth0": 9])

    /// A home that was started once on the stage's own machine.
    private func started() async throws -> Stage {
        let stage = try Stage(terminal: ScriptedTerminal(piped: Stage.phrase))
        #expect(await stage.run("wallet", "import") == .ok)
        _ = try HostCheck(state(stage), reader: stage.context.host).run(.refuse)
        return stage
    }

    private func state(_ stage: Stage) -> StateFolder { StateFolder(root: stage.home) }

    private func moved(_ stage: Stage) -> Stage {
        var moved = stage
        moved.context.host = Self.elsewhere.reader
        return moved
    }

    // MARK: up

    @Test("up on another machine ends with exit code 4 and names both ways on")
    func up() async throws {
        let stage = try await started()
        defer { stage.remove() }
        #expect(await moved(stage).run("up", "--server", "http://127.0.0.1:1") == .refused)
        #expect(stage.errors.text.contains("kin daemon accept-host"))
        #expect(stage.errors.text.contains("kin daemon remint"))
    }

    // MARK: accept-host

    @Test("accept-host takes the machine once")
    func accept() async throws {
        let stage = try await started()
        defer { stage.remove() }
        let moved = moved(stage)
        #expect(await moved.run("daemon", "accept-host", "--json") == .ok)
        #expect(await moved.run("daemon", "accept-host", "--json") == .ok)
        #expect(stage.output.lines.suffix(2) == [#"{"outcome":"accepted"}"#, #"{"outcome":"unchanged"}"#])
        #expect(try HostCheck(state(stage), reader: moved.context.host).run(.refuse) == .same)
    }

    @Test("both are refused while a daemon runs, with exit code 6", arguments: ["accept-host", "remint"])
    func running(command: String) async throws {
        let stage = try await started()
        defer { stage.remove() }
        let lock = try FileLock(state(stage).daemon() + "/pid")
        #expect(await moved(stage).run("daemon", command) == .conflict)
        #expect(stage.errors.text.contains("a daemon already runs"))
        withExtendedLifetime(lock) {}
    }

    @Test("without a wallet both say how to get one, with exit code 5", arguments: ["accept-host", "remint"])
    func noWallet(command: String) async throws {
        let stage = try Stage()
        defer { stage.remove() }
        #expect(await stage.run("daemon", command) == .notFound)
        #expect(stage.errors.text.contains("kin wallet new"))
    }

    // MARK: remint

    @Test("remint takes the phrase and tells what became of the original's files")
    func remint() async throws {
        let stage = try await started()
        defer { stage.remove() }
        let before = try Installation(state(stage))
        #expect(await moved(stage).run("daemon", "remint") == .ok)
        let after = try Installation(state(stage))
        #expect(after.machineID != before.machineID)
        #expect(stage.output.text.contains(after.machineID.description))
        #expect(stage.output.text.contains("keypair.json.before-remint-20261121T100312Z"))
        #expect(stage.output.text.contains("kin up --name NAME"))
        #expect(!stage.output.text.contains("abandon"))
    }

    @Test("with --json everything of it is there")
    func remintJSON() async throws {
        let stage = try await started()
        defer { stage.remove() }
        #expect(await moved(stage).run("daemon", "remint", "--json") == .ok)
        let json = try Vectors.parse(stage.output.lines.last)
        #expect(json["machine_id"].text == (try Installation(state(stage)).machineID.description))
        #expect(json["moved_aside"].elements.count >= 4)
        #expect(json["pending"]["count"] == .integer(0))
        #expect(json["former_name"] == .null)
    }

    @Test("another phrase is refused with exit code 6 and changes nothing")
    func anotherPhrase() async throws {
        let stage = try await started()
        defer { stage.remove() }
        let before = try Installation(state(stage)).machineID
        let words = Array(repeating: "zoo", count: 23).joined(separator: " ") + " vote"
        let other = moved(stage).with(terminal: ScriptedTerminal(piped: words))
        #expect(await other.run("daemon", "remint") == .conflict)
        #expect(try Installation(state(stage)).machineID == before)
        #expect(throws: (any Error).self) { try HostCheck(state(stage), reader: Self.elsewhere.reader).run(.refuse) }
    }

    @Test("the phrase is no argument")
    func argument() async throws {
        let stage = try await started()
        defer { stage.remove() }
        #expect(await stage.run("daemon", "remint", "abandon") == .usage)
    }
}
