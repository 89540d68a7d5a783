import ArgumentParser
import KinEncoding
import KinVault
import KinWire

struct VaultStatusCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say whether the daemon's vault is unlocked, and when it locks by itself.",
        discussion: """
            EXAMPLES
              kin vault status
              kin vault status --json
            """)

    @OptionGroup var options: OutputOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let answer = try await daemon.call { try await $0.vault(SecretVaultRequest.status) }
        guard case .status(let status) = answer else {
            throw KinError.answerNotUnderstood
        }
        let isSealed = try SealedVault(reading: daemon.state.path("vault.sealed")) != nil
        var facts: [Drawing.Fact] = [
            .init(name: "vault", value: status.address.map { "unlocked, wallet \($0)" } ?? "locked")
        ]
        if let time = status.locksAt {
            facts.append(.init(name: "locks", value: "\(Moments(context).clock(time)), unless it is used before"))
        }
        facts.append(
            .init(name: "sealed", value: isSealed ? "on this machine, under a passphrase" : "not on this machine"))
        try output.answer(
            .facts(facts),
            json: .object([
                "locked": .bool(status.isLocked), "address": .orNull(status.address) { .text($0) },
                "locks_at": .orNull(status.locksAt) { .integer($0) }, "sealed": .bool(isSealed),
            ]))
    }
}
