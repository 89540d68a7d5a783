import ArgumentParser
import KinCrypto
import KinEncoding
import KinVault
import KinWire

struct VaultEncryptCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "encrypt",
        abstract: "Seal a credential under its name; only this family's vault opens it again.",
        discussion: """
            EXAMPLES
              kin vault encrypt api-token --in token.txt --out token.sealed
              kin vault encrypt api-token < token.txt > sealed   once unlocked
            """)

    @OptionGroup var options: OutputOptions
    @OptionGroup var secret: VaultSecretOptions
    @OptionGroup var files: CredentialFiles

    @Argument(help: "The credential's name: it opens under this name alone.")
    var name: String

    @Option(help: "Which of the credential keys; 1 is the first.")
    var keyVersion: Int64 = 1

    func run(in context: CommandContext, _ output: Output) async throws {
        let access = VaultAccess(secret, context, purpose: "to seal a credential")
        let plaintext = try await files.read(context, access, for: .encrypt)
        let answer = try await access.ask(.encrypt(name: name, plaintext: plaintext, keyVersion: keyVersion))
        try answerEncrypted(answer, files, context, output)
    }
}

/// Gives a sealed credential out: JSON in either form.
func answerEncrypted(
    _ answer: SecretVaultAnswer, _ files: CredentialFiles, _ context: CommandContext, _ output: Output
) throws {
    guard case .encrypted(let encrypted) = answer else {
        throw KinError.answerNotUnderstood
    }
    let bytes = encrypted.json.canonicalBytes() + [UInt8(ascii: "\n")]
    try files.write(SecretBytes(copying: bytes), context, output)
}
