import ArgumentParser
import KinDaemon
import KinEncoding
import KinIdentity

struct DownCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "End this machine's daemon.",
        discussion: """
            Asks the daemon of this home to end, as SIGTERM does, and waits until it has: what was queued stays on the disk and \
            leaves after the next  kin up . Where none runs nothing is done, which is no error.

            EXAMPLES
              kin down
              kin down --json
            """)

    @OptionGroup var options: OutputOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try StateFolder(environment: context.environment)
        try state.check()
        switch try await DaemonStopping(state).run() {
        case .stopped(let pid):
            try output.answer(
                .lines(["the daemon has ended; what waits leaves after the next  kin up"]),
                json: .object(["outcome": .string("stopped"), "pid": .integer(Int64(pid))]))
        case .notRunning:
            try output.answer(
                .lines(["no daemon runs in \(state.root); nothing was done"]),
                json: .object(["outcome": .string("not_running")]))
        }
    }
}
