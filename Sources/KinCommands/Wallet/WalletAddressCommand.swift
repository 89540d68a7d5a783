import ArgumentParser
import KinEncoding

struct WalletAddressCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "address",
        abstract: "Print the wallet address, the family's public name.",
        discussion: """
            EXAMPLES
              kin wallet address
            """)

    @OptionGroup var options: OutputOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let address = try LocalDaemon.of(context).requireWallet().address.description
        try output.answer(.lines([address]), json: .object(["address": .string(address)]))
    }
}
