import ArgumentParser
import KinEncoding
import KinVault
import KinWire

struct VaultDecryptCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "decrypt",
        abstract: "Open a sealed credential under its name.",
        discussion: """
            EXAMPLES
              kin vault decrypt api-token --in token.sealed
              kin vault decrypt api-token --in token.sealed --out token.txt
            """)

    @OptionGroup var options: OutputOptions
    @OptionGroup var secret: VaultSecretOptions
    @OptionGroup var files: CredentialFiles

    @Argument(help: "The name it was sealed under.")
    var name: String

    func run(in context: CommandContext, _ output: Output) async throws {
        let access = VaultAccess(secret, context, purpose: "to open a credential")
        let encrypted = try await sealedCredential(files, context, access, for: .decrypt)
        guard case .plaintext(let plaintext) = try await access.ask(.decrypt(name: name, encrypted: encrypted)) else {
            throw KinError.answerNotUnderstood
        }
        if output.form == .json && files.output.name == nil {
            let text = plaintext.withBytes { Base64.encode(Array($0)) }
            return try output.answer(.lines([]), json: .object(["plaintext": .string(text)]))
        }
        try files.write(plaintext, context, output)
    }
}

/// Reads a sealed credential.
/// - Throws: `credential_malformed`.
func sealedCredential(
    _ files: CredentialFiles, _ context: CommandContext, _ access: VaultAccess, for operation: VaultOperation
) async throws -> EncryptedData {
    let bytes = try await files.read(context, access, for: operation).withBytes { Array($0) }
    do {
        return try EncryptedData(bytes: bytes)
    } catch {
        throw KinError("credential_malformed", "the input is no sealed credential: \(error)", category: .usage)
    }
}
