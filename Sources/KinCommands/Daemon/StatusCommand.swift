import ArgumentParser
import Foundation
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire

struct StatusCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "How this machine is: its connections, what waits, what is wrong and what to do.",
        discussion: """
            Two or three lines where all is well; else a line for each thing that is wrong, with what to do, five at most. Ends with \
            exit code 0 where all is well, 1 where something is wrong, 3 where no daemon runs.

            EXAMPLES
              kin status
              kin status --json
            """)

    @OptionGroup var options: OutputOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        do {
            let version = try await daemon.client.version()
            let report = StatusReport(version: version, health: try await daemon.client.health(), now: context.now())
            try output.answer(.facts(report.facts), json: report.json)
            if report.status != .ok { throw CommandEnd(status: report.status) }
        } catch let error as KinError where error.code == "daemon_not_running" {
            let wallet = try daemon.requireWallet()
            if let stuck = daemon.stuck() { throw stuck }
            let report = StatusWhenDown(
                wallet: wallet.address, revokedBy: try Installation(daemon.state).revokedBy,
                lastEnd: LastEnd(logOf: daemon.state))
            try output.answer(.facts(report.facts), json: report.json)
            throw CommandEnd(status: .unreachable)
        }
    }
}

extension LastEnd {
    fileprivate init?(logOf state: StateFolder) {
        guard let file = FileHandle(forReadingAtPath: DaemonPaths.log(in: state)), let size = try? file.seekToEnd()
        else {
            return nil
        }
        let start = size > UInt64(Self.tail) ? size - UInt64(Self.tail) : 0
        guard (try? file.seek(toOffset: start)) != nil, let bytes = try? file.readToEnd() else { return nil }
        self.init(log: [UInt8](bytes))
    }
}
