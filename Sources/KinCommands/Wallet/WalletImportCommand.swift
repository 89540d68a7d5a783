import ArgumentParser
import KinCrypto
import KinEncoding
import KinIdentity
import KinVault
import KinWire

struct WalletImportCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make this machine a device of the family that a recovery phrase names.",
        discussion: """
            Asks for the words on a terminal, unseen; elsewhere reads them from standard input without asking. They are used \
            once and not kept: only this device's own keys and certificate are.

            EXAMPLES
              kin wallet import
              kin wallet import < phrase
              kin wallet import --passphrase            piped, it is the second line
            """)

    /// Bytes of standard input: more than any phrase with its passphrase.
    static let inputLimit = 4096

    @OptionGroup var options: OutputOptions

    @Flag(help: "The phrase has a passphrase beside it (BIP39's “25th word”).")
    var passphrase = false

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try StateFolder(environment: context.environment)
        try state.prepare()
        let typed = context.terminal.canAsk ? try ask(context) : try read(context)
        let wallet = try VaultWallet(phrase: Phrase(parsing: typed.phrase), passphrase: typed.passphrase)
        let outcome = try await Enrolment(state: state, now: context.now()).enrol(wallet.walletFile, signer: wallet)
        let isNew = outcome == .enrolled
        try output.answer(
            .lines([
                isNew
                    ? "this machine is a device of wallet \(wallet.address) now; next:  kin up --name NAME"
                    : "wallet \(wallet.address) is on this machine already; nothing was changed"
            ]),
            json: .object([
                "address": .string(wallet.address.description),
                "outcome": .string(isNew ? "enrolled" : "already_enrolled"),
            ]))
    }

    private typealias Typed = (phrase: SecretBytes, passphrase: SecretBytes)

    private func ask(_ context: CommandContext) throws -> Typed {
        let phrase = try context.terminal.askSecret("recovery phrase (not shown): ")
        guard passphrase else { return (phrase, SecretBytes(copying: [])) }
        let first = try context.terminal.askSecret("passphrase (not shown): ")
        // Every passphrase opens some wallet: a slip would make an empty family, so it is typed twice.
        guard try context.terminal.askSecret("passphrase again: ") == first else {
            throw KinError("passphrase_differs", "the two passphrases differ: run it again", category: .usage)
        }
        return (phrase, first)
    }

    private func read(_ context: CommandContext) throws -> Typed {
        let input = try context.terminal.readAll(limit: Self.inputLimit)
        guard passphrase else { return (input, SecretBytes(copying: [])) }
        return input.withBytes { bytes in
            let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
            let second = lines.count > 1 ? lines[1].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") } : []
            return (SecretBytes(copying: lines[0]), SecretBytes(copying: second))
        }
    }
}
