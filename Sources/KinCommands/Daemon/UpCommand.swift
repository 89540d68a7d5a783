import ArgumentParser
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinLog
import KinWire
import Logging
import ServiceLifecycle

struct UpCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run this machine's daemon, in the foreground.",
        discussion: """
            Keeps this machine in its family: one lasting connection, durable queues, and the local API that every other \
            command uses. Name and servers are kept for the next start. With no server named, one at 127.0.0.1:7440 is used, or \
            started. Control-C or SIGTERM ends it cleanly.

            EXAMPLES
              kin up --name laptop
              kin up --name studio --server https://kin.example.org
              kin up
            """)

    @OptionGroup var options: OutputOptions

    @Option(help: "What the family calls this machine: a-z, 0-9 and -.")
    var name: String?

    @Option(
        name: .customLong("server"),
        help: ArgumentHelp("A server to use; may be given again. The first is the broker.", valueName: "url"))
    var servers: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file with a join credential (else KINDRED_JOIN), for a machine of no family yet.", valueName: "file"),
        completion: .file())
    var join: String?

    @OptionGroup var log: LogOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try StateFolder(environment: context.environment)
        try state.prepare()
        try joinByTicket(state, context, output)
        let sink = try Self.logFile(state)
        let level = log.level
        let now = context.now
        let logger = Logger(label: "daemon") { _ in JSONLogHandler(sink: sink, level: level, now: now) }
        let daemonOptions = DaemonOptions(
            state: state, name: try checkedName(), servers: servers, trustRoots: context.environment["SSL_CERT_FILE"],
            executable: context.executable, host: context.host)
        ProcessLimits.forbidCoreDumps()
        let daemon = try KinDaemon(daemonOptions, logger: logger) { version, socket in
            Self.announce(version, socket, in: state, output)
        }
        if daemon.isOnAnotherHost {
            output.note(
                "this home was made on another machine: kin daemon accept-host  if it moved,  kin daemon remint  if it is a copy",
                .bad)
        }
        try await ForegroundService.run(daemon, logger: logger)
        output.note("down")
    }

    /// A machine that belongs to a family already passes the credential over.
    private func joinByTicket(_ state: StateFolder, _ context: CommandContext, _ output: Output) throws {
        guard try WalletFile(reading: state.path("wallet.json")) == nil,
            let text = try join.map({ try CarriedInput.read($0, context) }) ?? context.environment["KINDRED_JOIN"]
        else { return }
        guard let ticket = try TicketJoining(state: state, now: context.now()).join(text) else { return }
        if !ticket.servers.isEmpty && servers.isEmpty {
            var settings = try DaemonSettings(reading: state)
            settings.servers = ticket.servers
            try settings.write(to: state)
        }
        output.note("joined \(ticket.credential.mesh) as a \(ticket.credential.role)", .good)
    }

    private func checkedName() throws -> DeviceName? {
        guard let name else { return nil }
        guard let valid = DeviceName(name) else {
            throw KinError("name_invalid", "--name: \(DaemonSettings.nameRule)", category: .usage)
        }
        return valid
    }

    private static func logFile(_ state: StateFolder) throws -> RotatingFileSink {
        let path = DaemonPaths.log(in: state)
        do {
            return try RotatingFileSink(path: path)
        } catch {
            throw KinError("home_not_writable", "\(path) cannot be written: make it yours, or set KINDRED_HOME")
        }
    }

    private static func announce(_ version: DaemonVersion, _ socket: String, in state: StateFolder, _ output: Output) {
        // What was told is kept by now.
        let servers = (try? DaemonSettings(reading: state).servers) ?? []
        let reached = servers.isEmpty ? "a server on this machine" : servers.joined(separator: ", ")
        output.note("\(version.name) is up in \(version.mesh), with \(reached)", .good)
        output.note("local API \(socket)\nControl-C ends it;  kin status  and  kin devices  say more")
        guard output.form == .json else { return }
        // Whoever reads the answer may be gone; the daemon stays.
        try? output.answer(.lines([]), json: version.json)
    }
}
