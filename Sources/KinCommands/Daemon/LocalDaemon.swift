import KinDaemon
import KinDaemonAPI
import KinIdentity
import KinWire
import NIOCore

extension KinError {
    static let answerNotUnderstood = KinError(
        "daemon_answer", "the daemon's answer is not understood: is it another version? Start it again with  kin up")
}

/// The daemon of this home, whether it runs or not.
struct LocalDaemon: Sendable {
    /// How long a running daemon may take to say so.
    private static let patience = TimeAmount.milliseconds(100)

    let state: StateFolder
    let client: DaemonClient

    init(state: StateFolder) {
        self.state = state
        client = DaemonClient(socketPath: DaemonPaths.socket(in: state))
    }

    /// nil where no home can be found.
    init?(_ context: CommandContext) {
        guard let state = try? StateFolder(environment: context.environment) else { return nil }
        self.init(state: state)
    }

    /// - Throws: `home_unknown`, `loose_mode`.
    static func of(_ context: CommandContext) throws -> LocalDaemon {
        let state = try StateFolder(environment: context.environment)
        try state.check()
        return LocalDaemon(state: state)
    }

    /// The client, where a daemon runs.
    func answering() async -> DaemonClient? {
        (try? await client.version(within: Self.patience)) == nil ? nil : client
    }

    /// Calls the daemon; where none runs, the error names what is missing first.
    @discardableResult
    func call<T: Sendable>(_ body: (DaemonClient) async throws -> T) async throws -> T {
        do {
            return try await body(client)
        } catch let error as KinError where error.code == "daemon_not_running" {
            try requireWallet()
            throw stuck() ?? revoked() ?? error
        }
    }

    /// A daemon that holds the home and does not answer; nil where none runs.
    func stuck() -> KinError? {
        guard let pid = FileLock.holder(of: DaemonPaths.pid(in: state)) else { return nil }
        return KinError(
            "daemon_not_answering",
            "a daemon runs\(pid.isEmpty ? "" : " (process \(pid))") but does not answer at \(client.socketPath): stop it, then start it again with  kin up",
            category: .unreachable)
    }

    /// No daemon will ever run here again; nil where that is not so.
    private func revoked() -> KinError? {
        guard let entry = try? Installation(state).revokedBy else { return nil }
        return KinError(
            "device_revoked", StatusWhenDown.revoked(by: entry), category: .refused,
            detail: ["reason": .string(entry.reason)])
    }

    /// - Throws: `no_wallet`.
    @discardableResult
    func requireWallet() throws -> WalletFile {
        guard let wallet = try WalletFile(reading: state.walletPath) else {
            throw Installation.missing(state)
        }
        return wallet
    }
}
