import KinCrypto
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire

/// `kin up --detach`: starts the same command in a process and session of its own, and returns once that is up.
struct DetachedStart {
    /// How long the daemon may take to answer. A large store is checked first.
    private static let patience = Duration.seconds(60)

    private let up: UpCommand
    private let isEphemeral: Bool
    private let context: CommandContext
    private let output: Output

    init(_ up: UpCommand, _ isEphemeral: Bool, _ context: CommandContext, _ output: Output) {
        self.up = up
        self.isEphemeral = isEphemeral
        self.context = context
        self.output = output
    }

    /// - Throws: what the daemon said when it ended instead; `start_slow`.
    func run() async throws {
        let phrase = try phrase()
        let child = try DetachedProcess(
            context.executable, arguments(takesPhrase: phrase != nil), environment: context.environment,
            input: phrase.map { .text($0) } ?? (readsInput ? .inherited : .nothing))
        let count = up.all ? try StateFolder(environment: context.environment).meshes().count : 1
        let watch = StartWatch(child, count: count, patience: Self.patience) { [output] in output.note($0) }
        switch await watch.outcome() {
        case .up(let lines, let failures):
            for line in lines { try announce(line, child.process) }
            for failure in failures { output.failure(failure) }
        case .ended(let error): throw error
        case .silent:
            throw KinError(
                "start_slow",
                "process \(child.process) does not answer after 60 s; it goes on:  kin status  and its log say more",
                category: .unreachable, retryable: true)
        }
    }

    private func announce(_ line: String, _ process: Int32) throws {
        guard output.form == .text else { return try output.raw(line) }
        let (version, members) = try StartWatch.read(line)
        guard case .string(let root)? = members["home"], case .string(let socket)? = members["socket"],
            case .string(let mesh)? = members["mesh_folder"], let folder = MeshFolder(mesh)
        else { throw KinError.answerNotUnderstood }
        Announcement(
            version: version, state: StateFolder(root: root, mesh: folder), socket: socket, isEphemeral: isEphemeral,
            detached: process
        ).make(output)
    }

    /// The process has no terminal, so what is asked there is asked here.
    private func phrase() throws -> SecretBytes? {
        guard isEphemeral, context.terminal.canAsk, try up.start.phrase || TicketStart.text(up.join, context) == nil
        else { return nil }
        let input = try PhraseInput.read(
            context, hasPassphrase: up.start.words.passphrase, purpose: "of the family it joins")
        return input.piped
    }

    private var readsInput: Bool { !context.terminal.canAsk && (up.join == "-" || (isEphemeral && up.start.phrase)) }

    private func arguments(takesPhrase: Bool) -> [String] {
        var arguments = ["up", "--json", "--log-level", up.log.level.rawValue]
        if let name = up.name { arguments += ["--name", name] }
        for server in up.servers { arguments += ["--server", server] }
        if let join = up.join { arguments += ["--join", join == "-" ? join : context.path(join)] }
        if let mesh = up.mesh { arguments += ["--mesh", mesh] }
        if up.all { arguments.append("--all") }
        if isEphemeral { arguments.append("--ephemeral") }
        if up.start.persistent { arguments.append("--persistent") }
        if let ttl = up.start.ttl { arguments += ["--ttl", "\(ttl.milliseconds)ms"] }
        if up.start.phrase || takesPhrase { arguments.append("--phrase") }
        if up.start.words.passphrase { arguments.append("--passphrase") }
        if let container = up.start.container { arguments.append(container ? "--container" : "--no-container") }
        return arguments
    }
}
