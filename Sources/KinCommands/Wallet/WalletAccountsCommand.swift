import ArgumentParser
import KinEncoding
import KinVault
import KinWire

struct WalletAccountsCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "accounts",
        abstract: "List the addresses of the phrase's accounts; the first is the family's.",
        discussion: """
            Account i is the Ed25519 key at m/44'/501'/i'/0', where Solana wallets look for it too.

            EXAMPLES
              kin wallet accounts
              kin wallet accounts --count 10 < phrase
            """)

    @OptionGroup var options: OutputOptions
    @OptionGroup var secret: VaultSecretOptions

    @Option(help: "How many, at most 100.")
    var count: UInt32 = 5

    func validate() throws {
        guard (1...100).contains(count) else { throw ValidationError("--count takes a number from 1 to 100") }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let seed = try VaultSecret.read(secret, context, purpose: "to list its accounts").seed
        let addresses = try (0..<count).map { try WalletKey(seed: seed, account: $0).address }
        let rows = addresses.enumerated().map { index, address in
            [
                Table.Cell(String(index)), .init("m/44'/501'/\(index)'/0'"),
                .init(address, index == 0 ? .strong : .plain),
            ]
        }
        try output.answer(
            .table(Table(headings: ["ACCOUNT", "PATH", "ADDRESS"], rows: rows)),
            json: .array(addresses.map { .string($0) }))
    }
}
