import ArgumentParser
import KinCrypto
import KinEncoding
import KinVault
import KinWire

struct VaultUnlockCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock",
        abstract: "Unlock the daemon's vault, and print the handle that uses it.",
        discussion: """
            The handle is a line for the shell. Whoever has it may use the vault until it locks, after 15 minutes without use \
            ([vault] autolock_minutes in config.toml); it is on no disk.

            EXAMPLES
              eval "$(kin vault unlock)"
              kin vault unlock --json < phrase
            """)

    @OptionGroup var options: OutputOptions
    @OptionGroup var secret: VaultSecretOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        guard case .status(let status) = try await daemon.call({ try await $0.vault(SecretVaultRequest.status) }),
            status.isLocked
        else {
            throw KinError(
                "already_unlocked", "the vault is unlocked already; for a new handle lock it first:  kin vault lock",
                category: .conflict)
        }
        let given = try VaultSecret.read(secret, context, purpose: "to unlock the vault")
        let request = SecretVaultRequest.unlock(mnemonic: given.phrase.sentence, passphrase: given.passphrase)
        guard case .unlocked(let address, let handle) = try await daemon.client.vault(request) else {
            throw KinError.answerNotUnderstood
        }
        let text = handle.withBytes { String(decoding: $0, as: UTF8.self) }
        output.note("the vault of wallet \(address) is unlocked", .good)
        try output.answer(
            .lines(["export \(VaultAccess.handleVariable)=\(text)"]),
            json: .object(["address": .text(address), "handle": .string(text)]))
    }
}
