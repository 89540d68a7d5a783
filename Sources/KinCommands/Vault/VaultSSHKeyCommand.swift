import ArgumentParser
import KinCrypto
import KinEncoding
import KinIdentity
import KinVault
import KinWire

struct VaultSSHKeyCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "ssh-key",
        abstract: "The SSH key that follows from the phrase: its public line, or the private file.",
        discussion: """
            The private file is not encrypted and works with every OpenSSH. It leaves only with the phrase given again.

            EXAMPLES
              kin vault ssh-key --public >> ~/.ssh/authorized_keys
              kin vault ssh-key --out ~/.ssh/id_kindred
            """)

    @OptionGroup var options: OutputOptions
    @OptionGroup var secret: VaultSecretOptions

    @Flag(name: .customLong("public"), help: "The line for authorized_keys.")
    var isPublic = false

    @Option(help: ArgumentHelp("What stands at the end of the line.", valueName: "text"))
    var comment = "kindred"

    @OptionGroup var file: OutputFile

    func run(in context: CommandContext, _ output: Output) async throws {
        guard isPublic else { return try await answerPrivate(context, output) }
        let access = VaultAccess(secret, context, purpose: "to derive the SSH key")
        guard case .sshPublicKey(let line) = try await access.ask(.sshPublicKey(comment: comment)) else {
            throw KinError.answerNotUnderstood
        }
        try output.answer(.lines([line]), json: .object(["public_key": .string(line)]))
    }

    private func answerPrivate(_ context: CommandContext, _ output: Output) async throws {
        guard let path = try file.path(context) else {
            throw KinError(
                "file_needed", "say where the private key goes:  --out FILE  (or --public for the public line)",
                category: .usage)
        }
        let given = try VaultSecret.read(secret, context, purpose: "to take the SSH key out")
        let (vault, handle) = try await given.unlockedVault(context)
        let key = try await vault.sshPrivateFile(comment: comment, handle: handle, confirming: given.seed)
        try StateFolder.write(key, to: path)
        try output.answer(.lines(["written to \(path)"]), json: .object(["file": .string(path)]))
    }
}
