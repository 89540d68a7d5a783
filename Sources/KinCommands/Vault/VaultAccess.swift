import KinCrypto
import KinDaemonAPI
import KinVault
import KinWire

/// The vault a command works with: the daemon's where that can answer, else one that lives as long as the command.
struct VaultAccess {
    private let options: VaultSecretOptions
    private let context: CommandContext
    private let purpose: String

    /// - Parameter purpose: shown with the question for the phrase, as in `to seal a credential`.
    init(_ options: VaultSecretOptions, _ context: CommandContext, purpose: String) {
        self.options = options
        self.context = context
        self.purpose = purpose
    }

    /// The environment variable that  kin vault unlock  prints.
    static let handleVariable = "KINDRED_VAULT_HANDLE"

    func ask(_ request: SecretVaultRequest) async throws -> SecretVaultAnswer {
        if let client = try await LocalDaemon.of(context).answering(),
            try await canAnswer(request.operation, client)
        {
            return try await client.vault(request, handle: handle)
        }
        let secret = try VaultSecret.read(options, context, purpose: purpose)
        let (vault, handle) = try await secret.unlockedVault(context)
        return try await vault.handle(request, handle: handle)
    }

    /// The daemon's vault can answer what needs the handle to whoever has it, and the rest once it is unlocked.
    private func canAnswer(_ operation: VaultOperation, _ client: DaemonClient) async throws -> Bool {
        if operation.needsHandle && handle == nil { return false }
        guard case .status(let status) = try await client.vault(SecretVaultRequest.status) else { return false }
        return !status.isLocked
    }

    /// Whether asking will read the phrase from standard input.
    func readsSecret(for operation: VaultOperation) async throws -> Bool {
        guard let client = try await LocalDaemon.of(context).answering() else { return true }
        return try await !canAnswer(operation, client)
    }

    private var handle: SecretBytes? {
        context.environment[Self.handleVariable].flatMap { $0.isEmpty ? nil : SecretBytes(copying: Array($0.utf8)) }
    }
}
