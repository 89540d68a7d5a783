import Foundation
import KinCommands
import KinTesting
import Testing

/// A home of its own for a command, and everything it wrote.
struct Stage: Sendable {
    /// 2026-11-21 10:03:12 UTC.
    static let now: Int64 = 1_795_255_392_000

    /// A phrase of the published vectors (BIP39, 24 words of `abandon … art`).
    static let phrase = Array(repeating: "abandon", count: 23).joined(separator: " ") + " art"

    let home: String
    let output: RecordingStream
    let errors: RecordingStream
    var context: CommandContext

    init(
        terminal: ScriptedTerminal = ScriptedTerminal(piped: ""), output: RecordingStream = RecordingStream(),
        errors: RecordingStream = RecordingStream(), environment: [String: String] = [:]
    ) throws {
        home = FileManager.default.temporaryDirectory.appendingPathComponent("kin-\(UUID().uuidString.prefix(8))").path
        self.output = output
        self.errors = errors
        var environment = environment
        environment["KINDRED_HOME"] = home
        context = CommandContext(
            environment: environment, workingFolder: home, output: output, errors: errors, terminal: terminal,
            now: { Self.now }, timeZone: try #require(TimeZone(identifier: "UTC")), random: { $0.lowerBound },
            executable: "/nowhere/kin",
            host: TestHost(etc: "0123456789abcdef0123456789abcdef", macs: ["eth0": 1]).reader)
    }

    func run(_ arguments: String...) async -> CommandStatus { await KinCommand.execute(arguments, in: context) }

    /// The same home, another person or pipe.
    func with(terminal: ScriptedTerminal) -> Stage {
        var stage = self
        stage.context.terminal = terminal
        return stage
    }

    func remove() { try? FileManager.default.removeItem(atPath: home) }
}
