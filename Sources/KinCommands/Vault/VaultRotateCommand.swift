import ArgumentParser
import KinVault
import KinWire

struct VaultRotateCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Seal a credential anew under another version of the key.",
        discussion: """
            EXAMPLES
              kin vault rotate api-token --to 2 --in token.sealed --out token.sealed
            """)

    @OptionGroup var options: OutputOptions
    @OptionGroup var secret: VaultSecretOptions
    @OptionGroup var files: CredentialFiles

    @Argument(help: "The name it was sealed under.")
    var name: String

    @Option(help: ArgumentHelp("The version of the key.", valueName: "version"))
    var to: Int64

    func run(in context: CommandContext, _ output: Output) async throws {
        let access = VaultAccess(secret, context, purpose: "to seal a credential anew")
        let encrypted = try await sealedCredential(files, context, access, for: .rotate)
        let answer = try await access.ask(.rotate(name: name, encrypted: encrypted, keyVersion: to))
        try answerEncrypted(answer, files, context, output)
    }
}
