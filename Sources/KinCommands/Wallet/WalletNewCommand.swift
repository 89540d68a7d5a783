import ArgumentParser
import KinEncoding
import KinIdentity
import KinVault
import KinWire

struct WalletNewCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a recovery phrase of 24 words and show it once.",
        discussion: """
            The words are the family: whoever has them owns every device of it, and nobody can bring them back. They are shown \
            once and written to no disk. Write them down; three of them are asked back. Then this machine is the family's first \
            device.

            EXAMPLES
              kin wallet new
              kin wallet new --print --yes > phrase     where files are as safe as paper
            """)

    @OptionGroup var options: OutputOptions

    @Flag(help: "Write the words even where the output is no terminal: one line.")
    var print = false

    @Flag(help: "Do not ask three words back.")
    var yes = false

    func run(in context: CommandContext, _ output: Output) async throws {
        try Self.checkWays(context, output, print: print, yes: yes)
        let state = try StateFolder(environment: context.environment)
        try refuseSecondWallet(in: state)
        try state.prepare()
        let phrase = try Phrase.generate()
        let wallet = try VaultWallet(phrase: phrase)
        do {
            try PhraseDisplay.show(
                phrase, context, output, beside: ["address": .string(wallet.address.description)])
        } catch is BrokenPipe {
            throw KinError("output_failed", "nobody read the words, so no wallet was made: run it again")
        }
        if !yes { try PhraseCheck(phrase: phrase).ask(context) }
        try await Enrolment(state: state, now: context.now()).enrol(wallet.walletFile, signer: wallet)
        output.note("this machine is the first device of wallet \(wallet.address)", .good)
        output.note("next:  kin up --name NAME")
    }

    /// Before anything is made: can the words be shown, and asked back?
    static func checkWays(_ context: CommandContext, _ output: Output, print: Bool, yes: Bool) throws {
        try PhraseDisplay.check(context, print: print)
        guard yes || context.terminal.canAsk && output.form == .text else {
            throw KinError(
                "phrase_needs_answers",
                output.form == .json
                    ? "with --json nobody can be asked for three of the words: add --yes if whatever reads them keeps them safe"
                    : "three of the words are asked back on a terminal: run it there, or add --yes if they are safe",
                category: .usage)
        }
    }

    private func refuseSecondWallet(in state: StateFolder) throws {
        guard let present = try WalletFile(reading: StateFolder(root: state.root).walletPath) else { return }
        throw KinError(
            "wallet_exists",
            "\(state.root) belongs to the wallet \(present.address): for another one set KINDRED_HOME to another folder",
            category: .conflict, detail: ["address": .string(present.address.description)])
    }
}
