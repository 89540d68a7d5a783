import ArgumentParser
import KinDaemon
import KinIdentity
import KinWire
import Logging

struct UpCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run this machine's daemon, in the foreground or detached.",
        discussion: """
            Keeps this machine in its family: one lasting connection, durable queues, and the local API that every other \
            command uses. Name and servers are kept for the next start. With no server named, one at 127.0.0.1:7440 is used, or \
            started. Control-C or SIGTERM ends it cleanly.

            In CI, unless KINDRED_HOME is set, it is ephemeral: a member by KINDRED_JOIN whose keys no disk ever sees. It prints \
            the line by which other commands find it. KINDRED_MESH names the mesh for every command.

            EXAMPLES
              kin up --name laptop
              kin up --name studio --server https://kin.example.org --detach
              eval "$(kin up --ephemeral --ttl 2h --detach)"
              kin up --all
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
            "A file with a join credential (else KINDRED_JOIN): a machine of no family yet joins by it; one that has a family joins that mesh beside it.",
            valueName: "file"),
        completion: .file())
    var join: String?

    @Option(help: ArgumentHelp("Which mesh, where this machine is in several (else KINDRED_MESH).", valueName: "mesh"))
    var mesh: String?

    @Flag(help: "Every mesh this machine is in, in one process ([fleet] max_daemons).")
    var all = false

    @Flag(
        help:
            "Show this machine to Miranda, and Miranda's machines here: under the wallet's address, where whoever knows that can count machines."
    )
    var miranda = false

    @OptionGroup var start: StartOptions

    @Flag(help: "Return once it is up; it goes on without a terminal.")
    var detach = false

    @OptionGroup var log: LogOptions

    func validate() throws {
        guard join == nil || !start.phrase else {
            throw ValidationError("--join and --phrase are two ways to join: use one of them")
        }
        guard all else { return }
        guard start.port == nil else { throw ValidationError("--all starts several: each has a port of its own") }
        guard mesh == nil, name == nil, servers.isEmpty, join == nil, !miranda, !start.ephemeral, start.ttl == nil
        else {
            throw ValidationError(
                "--all starts what is kept: it takes no --mesh, --name, --server, --join, --miranda, --ephemeral or --ttl"
            )
        }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        var context = context
        if let mesh { context.environment["KINDRED_MESH"] = mesh }
        let surroundings = Surroundings(
            environment: context.environment, isContainer: start.container, reader: context.host)
        let isEphemeral = !all && start.isEphemeral(in: surroundings)
        try check(isEphemeral)
        ProcessLimits.forbidCoreDumps()
        guard !detach else { return try await DetachedStart(self, isEphemeral, context, output).run() }
        let remark = StartOptions.remark(in: surroundings, isEphemeral: isEphemeral)
        if let remark { output.note(remark.text, remark.isWarning ? .bad : .plain) }
        let starting = DaemonStart(
            context: context, output: output, level: log.level, surroundings: surroundings, listen: start.listen)
        if isEphemeral {
            try await runEphemeral(starting, remark)
        } else {
            let state = try StateFolder(environment: context.environment)
            try await all ? runAll(starting, state, remark) : runKept(starting, state, remark)
        }
        output.note("down")
    }

    private func check(_ isEphemeral: Bool) throws {
        guard isEphemeral || (start.ttl == nil && !start.phrase && !start.words.passphrase) else {
            throw KinError(
                "usage", "--ttl, --phrase and --passphrase are an ephemeral daemon's: they go with --ephemeral",
                category: .usage)
        }
        guard !isEphemeral || mesh == nil else {
            throw KinError(
                "usage", "an ephemeral daemon is in the mesh of its credential or phrase: leave --mesh out",
                category: .usage)
        }
        _ = try checkedName()
    }

    private func runKept(_ starting: DaemonStart, _ state: StateFolder, _ remark: StartRemark?) async throws {
        let joined = try TicketStart(starting, state).join(by: join, keeping: servers)
        var options = starting.options(joined)
        options.name = try checkedName()
        options.servers = servers
        options.miranda = miranda
        let (daemon, logger) = try starting.open(options, remark: remark)
        try await ForegroundService.run(daemon, logger: logger)
    }

    private func runAll(_ starting: DaemonStart, _ state: StateFolder, _ remark: StartRemark?) async throws {
        let fleet = try Fleet(starting, StateFolder(root: state.root), remark)
        try await ForegroundService.run(fleet, logger: Logger(label: "fleet") { _ in SwiftLogNoOpLogHandler() })
    }

    private func runEphemeral(_ starting: DaemonStart, _ remark: StartRemark?) async throws {
        let making = EphemeralStart(context: starting.context, start: start)
        let identity = try await making.identity(ticket: TicketStart.text(join, starting.context))
        let folder = try making.folder()
        defer { folder.remove() }
        try folder.state.prepare()
        var options = starting.options(folder.state)
        options.ephemeral = identity
        options.endsAt = identity.endsAt
        options.name = try checkedName()
        options.servers = servers.isEmpty ? identity.servers : servers
        options.miranda = miranda
        let (daemon, logger) = try starting.open(options, remark: remark)
        let now = starting.context.now
        // The end of its terminal ends it too: nobody could find it any more.
        try await ForegroundService.run(
            daemon, until: identity.endsAt.map { TimeLimit(end: $0, now: now) }, alsoOn: [.sighup], logger: logger)
    }

    private func checkedName() throws -> DeviceName? {
        guard let name else { return nil }
        guard let valid = DeviceName(name) else {
            throw KinError("name_invalid", "--name: \(DaemonSettings.nameRule)", category: .usage)
        }
        return valid
    }
}
