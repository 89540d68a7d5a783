import ArgumentParser
import KinEncoding
import KinIdentity
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

    @OptionGroup var options: OutputOptions

    @OptionGroup var phrase: PhraseOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try StateFolder(environment: context.environment)
        try state.prepare()
        let wallet = try phrase.wallet(context)
        let outcome = try await Enrolment(state: state, now: context.now()).enrol(wallet.walletFile, signer: wallet)
        let (line, word) =
            switch outcome {
            case .enrolled:
                ("this machine is a device of wallet \(wallet.address) now; next:  kin up --name NAME", "enrolled")
            case .gainedIssuer:
                (
                    "this machine may certify and revoke others in wallet \(wallet.address) from its next start:  kin up",
                    "gained_issuer"
                )
            case .alreadyEnrolled:
                ("wallet \(wallet.address) is on this machine already; nothing was changed", "already_enrolled")
            }
        try output.answer(
            .lines([line]),
            json: .object(["address": .string(wallet.address.description), "outcome": .string(word)]))
    }
}
