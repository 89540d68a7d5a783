import ArgumentParser
import KinCrypto
import KinVault
import KinWire

/// How a command takes the recovery phrase: asked for on a terminal, unseen; elsewhere from standard input. Never as an argument.
struct PhraseOptions: ParsableArguments {
    /// Bytes of standard input: more than any phrase with its passphrase.
    static let inputLimit = 4096

    @Flag(help: "The phrase has a passphrase beside it (BIP39's “25th word”).")
    var passphrase = false

    /// The wallet of the phrase that is given.
    func wallet(_ context: CommandContext) throws -> VaultWallet {
        let typed = context.terminal.canAsk ? try ask(context) : try read(context)
        return try VaultWallet(phrase: Phrase(parsing: typed.phrase), passphrase: typed.passphrase)
    }

    private typealias Typed = (phrase: SecretBytes, passphrase: SecretBytes)

    private func ask(_ context: CommandContext) throws -> Typed {
        let phrase = try context.terminal.askSecret("recovery phrase (not shown): ")
        guard passphrase else { return (phrase, SecretBytes(copying: [])) }
        let first = try context.terminal.askSecret("passphrase (not shown): ")
        // Every passphrase opens some wallet: a slip would make an empty family, so it is typed twice.
        guard try context.terminal.askSecret("passphrase again: ") == first else {
            throw KinError("passphrase_differs", "the two passphrases differ: run it again", category: .usage)
        }
        return (phrase, first)
    }

    private func read(_ context: CommandContext) throws -> Typed {
        let input = try context.terminal.readAll(limit: Self.inputLimit)
        guard passphrase else { return (input, SecretBytes(copying: [])) }
        return input.withBytes { bytes in
            let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
            let second = lines.count > 1 ? lines[1].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") } : []
            return (SecretBytes(copying: lines[0]), SecretBytes(copying: second))
        }
    }
}
