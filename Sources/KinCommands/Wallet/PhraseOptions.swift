import ArgumentParser
import KinIdentity
import KinVault

/// How a command takes the recovery phrase: asked for on a terminal, unseen; elsewhere from standard input. Never as an argument.
struct PhraseOptions: ParsableArguments {
    @Flag(help: "The phrase has a passphrase beside it (BIP39's “25th word”).")
    var passphrase = false

    /// The wallet of the phrase that is given, whichever it is.
    func wallet(_ context: CommandContext) throws -> VaultWallet {
        try PhraseInput.read(context, hasPassphrase: passphrase, isNewWallet: true).wallet()
    }

    /// The wallet of the phrase that is given, which must be the one this home belongs to.
    /// - Parameter purpose: shown with the question, as in `to revoke an owner`.
    func wallet(of file: WalletFile, _ context: CommandContext, purpose: String) throws -> VaultWallet {
        try PhraseInput.read(context, hasPassphrase: passphrase, purpose: purpose).wallet(of: file)
    }
}
