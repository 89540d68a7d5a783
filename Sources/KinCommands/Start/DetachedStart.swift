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

    /// - Throws: what the daemon said when it ended instead; `start_slow`, `interrupted`.
    func run() async throws {
        do {
            try await start()
        } catch {
            // The shell that evaluates the answer must not go on as if it had one.
            if isEphemeral && output.form == .text { try? output.raw("false") }
            throw error
        }
    }

    private func start() async throws {
        let given = try given()
        var environment = context.environment
        // A secret that comes by the pipe need not stay in the daemon's environment.
        if given.isTicket { environment["KINDRED_JOIN"] = nil }
        let child = try DetachedProcess(
            context.executable, arguments(given), environment: environment, input: given.input)
        let count = up.all ? try StateFolder(environment: context.environment).meshes().count : 1
        let watch = StartWatch(child, count: count, patience: Self.patience) { [output] in output.note($0) }
        let answer = Answer(
            process: child.process, isEphemeral: isEphemeral,
            namesMesh: context.environment["KINDRED_MESH"]?.isEmpty == false, output: output)
        guard try await Interruptible.run({ try await answer.give(await watch.outcome()) }) else {
            throw KinError.interrupted
        }
    }

    // MARK: What it is given

    private struct Given {
        var input = DetachedProcess.Input.nothing
        var isTicket = false
        var isPhrase = false
    }

    /// The process has no terminal, so what is asked there is asked here; secrets go by a pipe.
    private func given() throws -> Given {
        guard isEphemeral else {
            return up.join == "-" ? Given(input: .text(try ticket() ?? ""), isTicket: true) : Given()
        }
        if !up.start.phrase, let ticket = try ticket() { return Given(input: .text(ticket), isTicket: true) }
        guard context.terminal.canAsk else {
            return up.start.phrase ? Given(input: .inherited, isPhrase: true) : Given()
        }
        let phrase = try PhraseInput.read(
            context, hasPassphrase: up.start.words.passphrase, purpose: "of the family it joins")
        return Given(input: .secret(phrase.piped), isPhrase: true)
    }

    private func ticket() throws -> String? { try TicketStart.text(up.join, context) }

    private func arguments(_ given: Given) -> [String] {
        var arguments = ["up", "--json", "--log-level", up.log.level.rawValue]
        if let name = up.name { arguments += ["--name", name] }
        for server in up.servers { arguments += ["--server", server] }
        if given.isTicket {
            arguments += ["--join", "-"]
        } else if let join = up.join {
            arguments += ["--join", context.path(join)]
        }
        if let mesh = up.mesh { arguments += ["--mesh", mesh] }
        if up.miranda { arguments.append("--miranda") }
        if up.all { arguments.append("--all") }
        if isEphemeral { arguments.append("--ephemeral") }
        if up.start.persistent { arguments.append("--persistent") }
        if let ttl = up.start.ttl { arguments += ["--ttl", "\(ttl.milliseconds)ms"] }
        if given.isPhrase { arguments.append("--phrase") }
        if up.start.words.passphrase { arguments.append("--passphrase") }
        if let container = up.start.container { arguments.append(container ? "--container" : "--no-container") }
        if let tcp = up.start.tcp { arguments.append(tcp ? "--tcp" : "--no-tcp") }
        if let port = up.start.port { arguments += ["--port", "\(port)"] }
        return arguments
    }
}

/// What the command says of the daemon it started.
private struct Answer {
    let process: Int32
    let isEphemeral: Bool
    let namesMesh: Bool
    let output: Output

    /// - Throws: where not everything came up.
    func give(_ outcome: StartWatch.Outcome) async throws {
        switch outcome {
        case .up(let lines, let failures):
            for line in lines { try await announce(line) }
            for failure in failures.dropLast() { output.failure(failure) }
            if let failure = failures.last { throw failure }
        case .ended(let error): throw error
        case .silent:
            throw KinError(
                "start_slow",
                "process \(process) does not answer after 60 s; it goes on:  kin status  and its log say more",
                category: .unreachable, retryable: true)
        }
    }

    /// How long the first connection may take until it is said that there is none yet.
    private static let (patience, interval) = (Duration.seconds(3), Duration.milliseconds(20))

    private func announce(_ line: String) async throws {
        let (version, members) = try StartWatch.read(line)
        guard case .string(let root)? = members["home"], case .string(let socket)? = members["socket"],
            case .string(let mesh)? = members["mesh_folder"], let folder = MeshFolder(mesh)
        else { throw KinError.answerNotUnderstood }
        try await waitForMembers(DaemonClient(socketPath: socket))
        guard output.form == .text else { return try output.raw(line) }
        Announcement(
            version: version, state: StateFolder(root: root, mesh: folder), socket: socket, isEphemeral: isEphemeral,
            detached: process
        ).make(output, unsetting: namesMesh)
    }

    /// Until the first command can name whom it writes to; whoever is not reached is said.
    /// - Throws: `start_failed` where the daemon is gone again.
    private func waitForMembers(_ client: DaemonClient) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            guard let health = try? await client.health(), let peers = try? await client.peers() else {
                throw KinError("start_failed", "the daemon came up and ended:  kin status  says why")
            }
            if health.broker.connected && !peers.devices.isEmpty { return }
            guard ContinuousClock.now < deadline, health.broker.code == nil else {
                return output.note(FirstAnswer.note(health.broker), .bad)
            }
            try await Task.sleep(for: Self.interval)
        }
    }
}
