import ArgumentParser
import KinCrypto
import KinEncoding
import KinVault
import KinWire

struct VaultNostrCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "nostr-key",
        abstract: "The Nostr key of account N (NIP-06): its npub, or with the phrase given again its nsec.",
        discussion: """
            EXAMPLES
              kin vault nostr-key
              kin vault nostr-key 1
              kin vault nostr-key --private
            """)

    @OptionGroup var options: OutputOptions
    @OptionGroup var secret: VaultSecretOptions

    @Argument(help: "The account; 0 is the first.")
    var account: UInt32 = 0

    @Flag(name: .customLong("private"), help: "The nsec; the phrase is asked for even where the vault is unlocked.")
    var isPrivate = false

    func run(in context: CommandContext, _ output: Output) async throws {
        guard !isPrivate else { return try await answerPrivate(context, output) }
        let access = VaultAccess(secret, context, purpose: "to derive the Nostr key")
        guard case .nostrKey(_, let key, let npub) = try await access.ask(.deriveNostrKey(n: account)) else {
            throw KinError.answerNotUnderstood
        }
        try output.answer(
            .lines([npub]), json: .object(["npub": .string(npub), "public_key": .string(Hex.encode(key))]))
    }

    private func answerPrivate(_ context: CommandContext, _ output: Output) async throws {
        let given = try VaultSecret.read(secret, context, purpose: "to take the Nostr key out")
        let (vault, handle) = try await given.unlockedVault(context)
        let nsec = try await vault.nostrPrivateKey(account, handle: handle, confirming: given.seed)
        let text = nsec.withBytes { String(decoding: $0, as: UTF8.self) }
        try output.answer(.lines([text]), json: .object(["nsec": .string(text)]))
    }
}
