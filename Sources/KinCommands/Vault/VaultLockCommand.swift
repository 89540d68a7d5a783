import ArgumentParser
import KinEncoding
import KinVault

struct VaultLockCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Lock the daemon's vault: seed and derived keys are erased, handles are dead.",
        discussion: """
            EXAMPLES
              kin vault lock
            """)

    @OptionGroup var options: OutputOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        _ = try await LocalDaemon.of(context).call { try await $0.vault(SecretVaultRequest.lock) }
        try output.answer(.lines(["the vault is locked"]), json: .object(["locked": .bool(true)]))
    }
}
