import ArgumentParser
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire

struct DownCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "End this machine's daemon.",
        discussion: """
            Asks the daemon of this home to end, as SIGTERM does, and waits until it has: what was queued stays on the disk and \
            leaves after the next  kin up . Where none runs nothing is done, which is no error. What waits in an ephemeral daemon \
            has five seconds to leave; where it does not the daemon stays.

            EXAMPLES
              kin down
              kin down --discard
              kin down --json
            """)

    @OptionGroup var options: OutputOptions

    @Flag(help: "End an ephemeral daemon though messages would be lost with it.")
    var discard = false

    /// How long an ephemeral daemon may take to send what waits.
    private static let (patience, interval) = (Duration.seconds(5), Duration.milliseconds(20))

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try StateFolder(environment: context.environment)
        try state.check()
        let isEphemeral = EphemeralFolder.isOne(state)
        let daemon = LocalDaemon(state: state)
        if isEphemeral && !discard { try await waitForSends(daemon) }
        let waiting = discard ? try? await daemon.client.health().outboxPending : 0
        let others = DaemonStopping.companions(of: state)
        switch try await DaemonStopping(state).run() {
        case .stopped(let pid):
            if isEphemeral { await EphemeralFolder.waitForRemoval(of: state) }
            try output.answer(
                .lines([Self.ended(others, isEphemeral, lost: waiting ?? 0)]),
                json: .object([
                    "outcome": .string("stopped"), "pid": .integer(Int64(pid)),
                    "meshes": .strings(([state.mesh] + others).sorted().map(\.description)),
                    "lost": isEphemeral ? .orNull(waiting) { .integer($0) } : .integer(0),
                ]))
        case .notRunning:
            try output.answer(
                .lines(["no daemon runs in \(state.place); nothing was done"]),
                json: .object(["outcome": .string("not_running")]))
        }
    }

    /// - Parameters:
    ///   - others: meshes whose daemons were in the same process.
    ///   - lost: messages of an ephemeral daemon that had not reached the broker when it was asked to end.
    private static func ended(_ others: [MeshFolder], _ isEphemeral: Bool, lost: Int64) -> String {
        let also = others.isEmpty ? "" : ", and with it that of \(others.map(\.description).joined(separator: ", "))"
        guard isEphemeral else { return "the daemon has ended\(also); what waits leaves after the next  kin up" }
        return "the daemon has ended" + (lost == 0 ? "" : "; \(lost) that had not reached the broker went with it")
    }

    /// - Throws: `messages_wait`; `daemon_not_answering` where nobody can tell whether any do.
    private func waitForSends(_ daemon: LocalDaemon) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while await daemon.answering() != nil {
            let health = try await daemon.client.health()
            guard health.outboxPending > 0 else { return }
            guard ContinuousClock.now < deadline else { throw Self.waiting(health) }
            try await Task.sleep(for: Self.interval)
        }
        guard FileLock.holder(of: DaemonPaths.pid(in: daemon.state)) != nil else { return }
        throw KinError(
            "daemon_not_answering",
            "the ephemeral daemon does not answer, so nobody knows what would be lost with it: wait, or run  kin down --discard",
            category: .unreachable, retryable: true)
    }

    private static func waiting(_ health: DaemonHealth) -> KinError {
        let count = health.outboxPending == 1 ? "1 message has" : "\(health.outboxPending) messages have"
        let reason = health.broker.connected ? health.outboxRefusal : health.broker.lastError
        return KinError(
            "messages_wait",
            "\(count) not reached the broker\(reason.map { " (\($0))" } ?? ""), and would be lost with this ephemeral daemon: wait, or run  kin down --discard",
            category: .conflict, retryable: true, detail: ["count": .integer(health.outboxPending)])
    }
}
