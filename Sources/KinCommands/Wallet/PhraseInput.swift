import KinCrypto
import KinIdentity
import KinVault
import KinWire

/// The recovery phrase as a person types it, unseen, or as a program pipes it in: never an argument.
struct PhraseInput {
    /// Bytes of standard input: more than any phrase with its passphrase.
    private static let limit = 4096

    let phrase: SecretBytes
    /// BIP39's; empty where there is none.
    let passphrase: SecretBytes

    /// - Parameters:
    ///   - hasPassphrase: piped, it is the second line.
    ///   - purpose: shown before the question, as in `to revoke an owner`.
    static func read(
        _ context: CommandContext, hasPassphrase: Bool, isNewWallet: Bool = false, purpose: String? = nil
    ) throws -> PhraseInput {
        guard context.terminal.canAsk else { return try pipe(context, hasPassphrase) }
        let prompt = "recovery phrase\(purpose.map { " " + $0 } ?? "") (not shown): "
        let phrase = try context.terminal.askSecret(prompt)
        guard hasPassphrase else { return PhraseInput(phrase: phrase, passphrase: SecretBytes(copying: [])) }
        let passphrase = try context.terminal.askSecret("passphrase (not shown): ")
        // Every passphrase opens some wallet: a slip would make an empty family, so it is typed twice.
        guard try !isNewWallet || context.terminal.askSecret("passphrase again: ") == passphrase else {
            throw KinError.passphraseDiffers
        }
        return PhraseInput(phrase: phrase, passphrase: passphrase)
    }

    private static func pipe(_ context: CommandContext, _ hasPassphrase: Bool) throws -> PhraseInput {
        let input = try context.terminal.readAll(limit: limit)
        guard hasPassphrase else { return PhraseInput(phrase: input, passphrase: SecretBytes(copying: [])) }
        return try input.withBytes { bytes in
            let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
            let second = lines.dropFirst().first?.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
            // Every passphrase opens some wallet, the empty one too.
            guard let second, !second.isEmpty else {
                throw KinError(
                    "passphrase_missing", "with --passphrase the second line of the input is the passphrase",
                    category: .usage)
            }
            return PhraseInput(phrase: SecretBytes(copying: lines[0]), passphrase: SecretBytes(copying: second))
        }
    }

    /// As `read` takes it from a pipe.
    var piped: SecretBytes {
        guard passphrase.count > 0 else { return phrase }
        return SecretBytes(count: phrase.count + 1 + passphrase.count) { both in
            phrase.withBytes { both.copyMemory(from: $0) }
            both[phrase.count] = UInt8(ascii: "\n")
            passphrase.withBytes {
                UnsafeMutableRawBufferPointer(rebasing: both[(phrase.count + 1)...]).copyMemory(from: $0)
            }
        }
    }

    func wallet() throws -> VaultWallet { try VaultWallet(phrase: Phrase(parsing: phrase), passphrase: passphrase) }

    /// The wallet, where it is the one this home belongs to.
    /// - Throws: `another_wallet`.
    func wallet(of file: WalletFile) throws -> VaultWallet {
        let wallet = try wallet()
        guard wallet.address == file.address else {
            throw KinError(
                "another_wallet",
                "that phrase belongs to the wallet \(wallet.address), and this machine to \(file.address)\(passphrase.count == 0 ? ": was it made with a --passphrase?" : "")",
                category: .refused, detail: ["address": .string(wallet.address.description)])
        }
        return wallet
    }
}

extension KinError {
    static let passphraseDiffers = KinError(
        "passphrase_differs", "the two passphrases differ: run it again", category: .usage)
}
