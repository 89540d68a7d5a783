import ArgumentParser

struct WalletCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wallet",
        abstract: "The recovery phrase, and this machine's place in the family.",
        discussion: """
            EXAMPLES
              kin wallet new
              kin wallet import
              kin wallet address
              kin wallet seal
            """,
        subcommands: [
            WalletNewCommand.self, WalletImportCommand.self, WalletAddressCommand.self, WalletAccountsCommand.self,
            WalletSealCommand.self, WalletUnsealCommand.self, WalletRotateCommand.self, WalletForgetCommand.self,
        ])
}
