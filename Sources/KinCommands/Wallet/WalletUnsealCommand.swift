import ArgumentParser
import Foundation
import KinEncoding
import KinVault
import KinWire

struct WalletUnsealCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "unseal",
        abstract: "Open the sealed vault: show its words once, or remove it.",
        discussion: """
            The words are shown on a terminal only, unless --print is given. With --remove nothing is shown, and the file is gone \
            afterwards: have the words elsewhere.

            EXAMPLES
              kin wallet unseal
              kin wallet unseal --remove
            """)

    @OptionGroup var options: OutputOptions

    @Flag(help: "Write the words even where the output is no terminal: one line.")
    var print = false

    @Flag(help: "Remove the sealed vault from this machine.")
    var remove = false

    func run(in context: CommandContext, _ output: Output) async throws {
        let path = try LocalDaemon.of(context).state.path("vault.sealed")
        guard let sealed = try SealedVault(reading: path) else {
            throw KinError("not_sealed", "no sealed vault is on this machine", category: .notFound)
        }
        if !remove { try PhraseDisplay.check(context, print: print) }
        let secret = try VaultSecret.open(sealed, context, "to open it")
        guard remove else { return try PhraseDisplay.show(secret.phrase, context, output) }
        try FileManager.default.removeItem(atPath: path)
        try output.answer(.lines(["removed \(path)"]), json: .object(["removed": .string(path)]))
    }
}
