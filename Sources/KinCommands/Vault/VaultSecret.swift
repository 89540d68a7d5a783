import ArgumentParser
import KinCrypto
import KinIdentity
import KinVault
import KinWire

/// What unlocks a vault: the recovery phrase, or the passphrase of the vault that was sealed on this machine.
struct VaultSecretOptions: ParsableArguments {
    @Flag(
        name: .customLong("phrase"),
        help: "Take the recovery phrase though a sealed vault is on this machine.")
    var takesPhrase = false

    @OptionGroup var words: PhraseOptions
}

/// A phrase that was given, and is known to be this home's where the home belongs to a wallet.
struct VaultSecret {
    let phrase: Phrase
    /// BIP39's; empty where there is none.
    let passphrase: SecretBytes

    static func read(_ options: VaultSecretOptions, _ context: CommandContext, purpose: String) throws -> VaultSecret {
        let state = try LocalDaemon.of(context).state
        let secret = try unchecked(options, state, context, purpose)
        if let file = try WalletFile(reading: state.walletPath) {
            _ = try secret.input.wallet(of: file)
        }
        return secret
    }

    private static func unchecked(
        _ options: VaultSecretOptions, _ state: StateFolder, _ context: CommandContext, _ purpose: String
    ) throws -> VaultSecret {
        guard !options.takesPhrase, let sealed = try SealedVault(reading: state.path("vault.sealed")) else {
            let input = try PhraseInput.read(context, hasPassphrase: options.words.passphrase, purpose: purpose)
            return VaultSecret(phrase: try Phrase(parsing: input.phrase), passphrase: input.passphrase)
        }
        return try open(sealed, context, purpose)
    }

    /// Piped, the sealed vault's passphrase is the first line, and BIP39's the second.
    static func open(_ sealed: SealedVault, _ context: CommandContext, _ purpose: String) throws -> VaultSecret {
        var lines = SecretLines(context)
        let contents = try contents(of: sealed, &lines, purpose)
        let passphrase =
            contents.needsPassphrase
            ? try lines.next("passphrase of the phrase (not shown): ") : SecretBytes(copying: [])
        return VaultSecret(phrase: contents.phrase, passphrase: passphrase)
    }

    private static func contents(
        of sealed: SealedVault, _ lines: inout SecretLines, _ purpose: String
    ) throws -> SealedVault.Contents {
        do {
            return try sealed.open(lines.next("passphrase of the sealed vault, \(purpose) (not shown): "))
        } catch let error as KinError where error.code == "vault_passphrase_wrong" {
            var error = error
            error.message += ". To give the recovery phrase instead:  --phrase"
            throw error
        }
    }

    /// The wallet that a home leaves, by its sealed vault or its phrase; the lines after it stay for what is asked next.
    static func rotated(
        from file: WalletFile, _ options: VaultSecretOptions, _ lines: inout SecretLines, _ context: CommandContext
    ) throws -> VaultWallet {
        let purpose = "to hand over"
        let state = try LocalDaemon.of(context).state
        let phrase: SecretBytes
        var needsPassphrase = options.words.passphrase
        if !options.takesPhrase, let sealed = try SealedVault(reading: state.path("vault.sealed")) {
            let contents = try contents(of: sealed, &lines, purpose)
            phrase = contents.phrase.sentence
            needsPassphrase = contents.needsPassphrase
        } else {
            phrase = try lines.next("recovery phrase of the wallet that leaked, \(purpose) (not shown): ")
        }
        let passphrase =
            needsPassphrase ? try lines.next("passphrase of the phrase (not shown): ") : SecretBytes(copying: [])
        return try PhraseInput(phrase: phrase, passphrase: passphrase).wallet(of: file)
    }

    private var input: PhraseInput { PhraseInput(phrase: phrase.sentence, passphrase: passphrase) }

    /// A vault that lives as long as this command.
    func unlockedVault(_ context: CommandContext) async throws -> (VaultService, VaultHandle) {
        let vault = VaultService(now: context.now)
        return (vault, try await vault.unlock(phrase, passphrase: passphrase))
    }

    var seed: Seed { Seed(phrase: phrase, passphrase: passphrase) }
}

/// Secrets one after the other: asked for, or the lines of standard input.
struct SecretLines {
    private static let limit = 4096
    private let context: CommandContext
    private var piped: [SecretBytes]?

    init(_ context: CommandContext) { self.context = context }

    /// - Throws: `input_ended`.
    mutating func next(_ prompt: String) throws -> SecretBytes {
        if context.terminal.canAsk { return try context.terminal.askSecret(prompt) }
        var lines = try piped ?? Self.lines(context.terminal.readAll(limit: Self.limit))
        guard !lines.isEmpty else { throw KinError.inputEnded }
        let line = lines.removeFirst()
        piped = lines
        return line
    }

    private static func lines(_ input: SecretBytes) -> [SecretBytes] {
        input.withBytes { bytes in
            bytes.split(separator: UInt8(ascii: "\n")).map { line in
                SecretBytes(copying: line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
            }
        }
    }
}
