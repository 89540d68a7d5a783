import ArgumentParser
import KinCrypto
import KinEncoding
import KinVault
import KinWire

struct VaultDeriveCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "derive",
        abstract: "Derive the key at a path: its public half, or with the phrase given again the private one.",
        discussion: """
            Paths of the wallet (m/44'/501'/…) never leave the vault.

            EXAMPLES
              kin vault derive "m/74'/0'/0'/7'" --public
              kin vault derive "m/44'/60'/0'/0/1" --curve secp256k1
            """)

    @OptionGroup var options: OutputOptions
    @OptionGroup var secret: VaultSecretOptions

    @Argument(help: "As in m/74'/0'/0'/7'; h may stand for '.")
    var path: String

    @Flag(name: .customLong("public"), help: "The public key (Ed25519, 32 bytes in hex).")
    var isPublic = false

    @Option(help: "Of the private key: ed25519 or secp256k1.", transform: Self.curve)
    var curve = DerivedKeyCache.Curve.ed25519

    func run(in context: CommandContext, _ output: Output) async throws {
        let path = try DerivationPath(path)
        let access = VaultAccess(secret, context, purpose: "to derive a key")
        guard isPublic else { return try await answerPrivate(path, access, context, output) }
        guard curve == .ed25519 else {
            throw KinError(
                "curve_private_only", "for public keys on secp256k1 use  kin vault eth-address  or  nostr-key",
                category: .usage)
        }
        guard case .publicKey(_, let bytes) = try await access.ask(.deriveEd25519(path: path.description)) else {
            throw KinError.answerNotUnderstood
        }
        let hex = Hex.encode(bytes)
        try output.answer(
            .lines([hex]), json: .object(["path": .string(path.description), "public_key": .string(hex)]))
    }

    private func answerPrivate(
        _ path: DerivationPath, _ access: VaultAccess, _ context: CommandContext, _ output: Output
    ) async throws {
        let given = try VaultSecret.read(secret, context, purpose: "to take a private key out")
        let (vault, handle) = try await given.unlockedVault(context)
        let key = try await vault.privateKey(curve, path, handle: handle, confirming: given.seed)
        let hex = key.withBytes { Hex.encode($0) }
        try output.answer(
            .lines([hex]), json: .object(["path": .string(path.description), "private_key": .string(hex)]))
    }

    private static func curve(_ text: String) throws -> DerivedKeyCache.Curve {
        switch text {
        case "ed25519": .ed25519
        case "secp256k1": .secp256k1
        default: throw ValidationError("a curve is ed25519 or secp256k1")
        }
    }
}
