import ArgumentParser
import Foundation
import KinCrypto
import KinIdentity
import KinVault
import KinWire

/// Where a credential comes from and goes to: standard input and output unless said.
struct CredentialFiles: ParsableArguments {
    @Option(name: .customLong("in"), help: ArgumentHelp("Read this file.", valueName: "file"), completion: .file())
    var input: String?

    @OptionGroup var output: OutputFile

    private static let limit = 256 << 10

    /// - Throws: `input_needed_twice` where standard input would be both the phrase and this.
    func read(_ context: CommandContext, _ access: VaultAccess, for operation: VaultOperation) async throws
        -> SecretBytes
    {
        if let input {
            guard let bytes = try StateFolder.readSecret(context.path(input), limit: Self.limit, isPrivate: false)
            else {
                throw KinError("file_not_found", "\(input) is not there", category: .notFound)
            }
            return bytes
        }
        let readsSecret = try await access.readsSecret(for: operation)
        guard !readsSecret || context.terminal.canAsk else {
            throw KinError(
                "input_needed_twice",
                "standard input cannot be both the phrase and the credential: name a file with --in, or unlock first:  eval \"$(kin vault unlock)\"",
                category: .usage)
        }
        return try context.terminal.readAll(limit: Self.limit)
    }

    func write(_ bytes: SecretBytes, _ context: CommandContext, _ output: Output) throws {
        guard let path = try self.output.path(context, besides: input) else {
            guard let text = bytes.withBytes({ String(validating: $0, as: UTF8.self) }) else {
                throw KinError("not_text", "the credential is not text: name a file with --out", category: .usage)
            }
            return try context.output.write(text)
        }
        try StateFolder.write(bytes, to: path)
        output.note("written to \(path)")
    }
}
