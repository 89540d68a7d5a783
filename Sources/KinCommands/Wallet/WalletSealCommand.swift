import ArgumentParser
import KinCrypto
import KinEncoding
import KinIdentity
import KinVault
import KinWire

struct WalletSealCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal",
        abstract: "Keep the phrase on this machine, sealed under a passphrase.",
        discussion: """
            Nothing needs this: a machine keeps only what it needs without it. With it the vault is unlocked by the passphrase \
            instead of the words. Piped, the phrase is the first line, its own passphrase (with --passphrase) the second, the \
            passphrase to seal under the last.

            EXAMPLES
              kin wallet seal
            """)

    /// Below this a passphrase is guessed from a stolen file.
    private static let shortest = 8

    @OptionGroup var options: OutputOptions
    @OptionGroup var words: PhraseOptions

    @Flag(help: "Replace the sealed vault that is there.")
    var replace = false

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try LocalDaemon.of(context).state
        let path = state.path("vault.sealed")
        guard try replace || SealedVault(reading: path) == nil else {
            throw KinError(
                "already_sealed", "\(path) is there already: open it with  kin wallet unseal, or add --replace",
                category: .conflict)
        }
        var lines = SecretLines(context)
        let phrase = try phrase(&lines, state)
        let passphrase = try newPassphrase(&lines, context)
        try state.prepare()
        try SealedVault(sealing: phrase, needsPassphrase: words.passphrase, under: passphrase).write(to: path)
        try output.answer(.lines(["sealed in \(path)"]), json: .object(["file": .string(path)]))
    }

    private func phrase(_ lines: inout SecretLines, _ state: StateFolder) throws -> Phrase {
        let typed = try lines.next("recovery phrase (not shown): ")
        let passphrase =
            words.passphrase ? try lines.next("its passphrase (not shown): ") : SecretBytes(copying: [])
        let input = PhraseInput(phrase: typed, passphrase: passphrase)
        if let file = try WalletFile(reading: state.walletPath) { _ = try input.wallet(of: file) }
        return try Phrase(parsing: typed)
    }

    private func newPassphrase(_ lines: inout SecretLines, _ context: CommandContext) throws -> SecretBytes {
        let passphrase = try lines.next("new passphrase to seal under (not shown): ")
        guard passphrase.count >= Self.shortest else {
            throw KinError(
                "passphrase_short", "a passphrase has at least \(Self.shortest) characters; several words are best",
                category: .usage)
        }
        guard try !context.terminal.canAsk || lines.next("again: ") == passphrase else {
            throw KinError.passphraseDiffers
        }
        return passphrase
    }
}
