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
        if isEphemeral && !discard { try await waitForSends(DaemonClient(socketPath: DaemonPaths.socket(in: state))) }
        switch try await DaemonStopping(state).run() {
        case .stopped(let pid):
            try output.answer(
                .lines(["the daemon has ended" + (isEphemeral ? "" : "; what waits leaves after the next  kin up")]),
                json: .object(["outcome": .string("stopped"), "pid": .integer(Int64(pid))]))
        case .notRunning:
            try output.answer(
                .lines(["no daemon runs in \(state.root); nothing was done"]),
                json: .object(["outcome": .string("not_running")]))
        }
    }

    /// - Throws: `messages_wait`. One that does not answer is not waited for.
    private func waitForSends(_ client: DaemonClient) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while let health = try? await client.health(), health.outboxPending > 0 {
            guard ContinuousClock.now < deadline else { throw Self.waiting(health) }
            try await Task.sleep(for: Self.interval)
        }
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
