import ArgumentParser
import Foundation
import KinEncoding
import Testing

@testable import KinCommands

@Suite("Help and completion")
struct HelpTests {
    /// Every command that does something, with the words that call it.
    static let commands: [[String]] = leaves(of: KinCommand.self, path: [])

    private static func leaves(of command: any ParsableCommand.Type, path: [String]) -> [[String]] {
        let configuration = command.configuration
        let subcommands = configuration.subcommands + configuration.groupedSubcommands.flatMap(\.subcommands)
        guard !subcommands.isEmpty else { return [path] }
        return subcommands.flatMap { leaves(of: $0, path: path + [$0.configuration.commandName ?? "?"]) }
    }

    private func help(_ command: [String]) async throws -> String {
        let stage = try Stage()
        #expect(await KinCommand.execute(command + ["--help"], in: stage.context) == .ok)
        #expect(stage.errors.text.isEmpty)
        return stage.output.text
    }

    @Test("all commands are known here")
    func known() {
        #expect(
            Set(Self.commands.map { $0.joined(separator: " ") }) == [
                "device request", "device approve", "device rename", "device alias", "device forget", "device revoke",
                "device replace", "mesh members",
                "mesh credential", "mesh invite", "mesh join", "mesh set", "vault unlock",
                "vault lock", "vault status", "vault derive",
                "vault password", "vault encrypt", "vault decrypt", "vault rotate", "vault ssh-key",
                "vault eth-address", "vault nostr-key", "wallet accounts", "wallet seal", "wallet unseal",
                "wallet forget", "wallet rotate", "wallet new", "wallet import", "wallet address", "up", "devices",
                "send", "inbox list", "inbox search", "history", "outbox list", "outbox inspect", "outbox requeue",
                "outbox drop", "outbox prune", "message", "peers",
                "status", "down", "daemon accept-host", "daemon remint", "daemon recover", "daemon rotate-token",
                "apikey new",
                "apikey list", "apikey revoke", "share", "files", "get", "attach", "cp", "topics", "topic create",
                "topic join",
                "topic leave",
                "topic members", "topic add", "topic remove", "topic rekey", "post", "tail", "profile", "serve", "demo",
                "completions",
            ])
    }

    @Test("the help of every command has an example of it", arguments: commands)
    func example(command: [String]) async throws {
        let help = try await help(command)
        let examples = try #require(help.components(separatedBy: "EXAMPLES\n").dropFirst().first)
        #expect(examples.contains("kin \(command.joined(separator: " "))"))
        // One that is too wide breaks into a line that no shell takes.
        for line in examples.components(separatedBy: "\n\n")[0].split(separator: "\n") {
            #expect(line.hasPrefix("  "), "\(line)")
        }
    }

    @Test("every command takes --json and explains each of its options", arguments: commands)
    func json(command: [String]) async throws {
        let help = try await help(command)
        #expect(help.contains("--json "))
        let options = help.components(separatedBy: "OPTIONS:\n").dropFirst().first ?? ""
        for line in options.split(separator: "\n") where line.hasPrefix("  --") {
            // A long option's explanation stands on the next line, and then the line is the option alone.
            let words = line.split(separator: " ")
            #expect(words.count > 1 || line.count > 24, "\(line) is not explained")
        }
    }

    @Test("no line of help is wider than a terminal of old", arguments: commands + [[]])
    func width(command: [String]) async throws {
        for line in try await help(command).split(separator: "\n") where !line.hasPrefix("USAGE") {
            #expect(line.count <= 80)
        }
    }

    @Test("--version says name and version")
    func version() async throws {
        let stage = try Stage()
        #expect(await stage.run("--version") == .ok)
        #expect(stage.output.lines.count == 1)
        #expect(stage.output.text.wholeMatch(of: /kin \d+\.\d+\.\d+\n/) != nil)
    }

    @Test("completion scripts know every command", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) async throws {
        let stage = try Stage()
        #expect(await stage.run("completions", shell) == .ok)
        for command in Self.commands { #expect(stage.output.text.contains(command.last ?? "?")) }
        #expect(stage.output.text.contains("expires-in"))
    }

    @Test("names of devices complete to nothing where no daemon runs, and no error either")
    func names() async throws {
        let stage = try Stage()
        let names = await KnownDevices.names(in: stage.context)
        #expect(names.isEmpty)
    }
}
