import ArgumentParser
import KinDaemonAPI
import KinEncoding
import KinWire

struct StatusCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "How this machine is: its connections, what waits, what is wrong and what to do.",
        discussion: """
            Ends with exit code 3 where no daemon runs.

            EXAMPLES
              kin status
              kin status --json
            """)

    @OptionGroup var options: OutputOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let wallet = try daemon.requireWallet()
        do {
            let version = try await daemon.client.version()
            let report = StatusReport(version: version, health: try await daemon.client.health(), now: context.now())
            try output.answer(.facts(report.facts), json: report.json)
        } catch let error as KinError where error.code == "daemon_not_running" {
            if let stuck = daemon.stuck() { throw stuck }
            try output.answer(
                .facts(StatusReport.factsWhenDown(wallet: wallet.address)),
                json: .object(["running": .bool(false), "wallet": .string(wallet.address.description)]))
            throw CommandEnd(status: .unreachable)
        }
    }
}
