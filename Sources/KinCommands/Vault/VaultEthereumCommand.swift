import ArgumentParser
import KinEncoding
import KinVault
import KinWire

struct VaultEthereumCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "eth-address",
        abstract: "Print the Ethereum address that follows from the phrase, with its checksum.",
        discussion: """
            EXAMPLES
              kin vault eth-address
              kin vault eth-address --path "m/44'/60'/0'/0/1"
            """)

    @OptionGroup var options: OutputOptions
    @OptionGroup var secret: VaultSecretOptions

    @Option(help: "Of another account than the first.")
    var path: String?

    func run(in context: CommandContext, _ output: Output) async throws {
        let access = VaultAccess(secret, context, purpose: "to derive the address")
        let answer = try await access.ask(.deriveEthereumKey(path: path))
        guard case .ethereumKey(let path, let key, let address) = answer else {
            throw KinError.answerNotUnderstood
        }
        try output.answer(
            .lines([address]),
            json: .object([
                "path": .string(path), "address": .string(address), "public_key": .string(Hex.encode(key)),
            ]))
    }
}
