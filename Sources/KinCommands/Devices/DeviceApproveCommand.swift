import ArgumentParser
import KinClient
import KinDaemon
import KinEncoding
import KinIdentity
import KinWire

struct DeviceApproveCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Certify a machine that asked to join, without giving it the phrase.",
        discussion: """
            Takes the code that  kin device request  shows on that machine: asked for, or from standard input. Do not give it as an \
            argument, which every user of this machine can see. Both screens then show one number: say yes only if they are the same. \
            Where nobody can be asked give the machine's own number, 30 digits, as its screen shows it, with --safety-number.

            A request that was carried by hand (--by-hand there) is taken too, and the answer to carry back is printed; then two \
            numbers are to be compared, of that machine and of the family.

            EXAMPLES
              kin device approve
              kin device approve --role machine
              kin device approve - --safety-number "12345 …" < code.txt
              kin device approve request.txt --role guest --ttl 30d
            """)

    @OptionGroup var options: OutputOptions

    @Argument(
        help: "- for standard input, or a file, or a request; asked for where none is given.", completion: .file())
    var request: String?

    @Option(help: "What it may do: member, machine or guest.", transform: Self.role)
    var role = Role.member

    @Option(
        help: ArgumentHelp("For how long, as in 12h or 30d; a guest must have an end.", valueName: "time"),
        transform: TimeSpan.parse)
    var ttl: TimeSpan?

    @Option(
        help: ArgumentHelp("The machine's safety number as its own screen shows it: 30 digits.", valueName: "number"))
    var safetyNumber: String?

    @Flag(help: "The machine belongs to the family already, and is certified anew.")
    var again = false

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try LocalDaemon.of(context).state
        let installation = try Installation(state)
        let now = context.now()
        let expiresAt = ttl.map { now + $0.milliseconds }
        try Approving(installation, now: now).check(role: role, expiresAt: expiresAt)
        let given = try safetyNumber.map { try MachineNumber.parse($0) }
        let text = try text(context, output)
        guard !text.contains(JoinRequest.prefix) else {
            return try answer(text, given, installation, context, output)
        }
        let code = try EnteredCode.read(text)
        let screen = try PairingScreen(
            context, output, given: given, else: "add --safety-number with what that machine shows on its own screen")
        let offer = PairingOffer(purpose: .device, mesh: installation.mesh, role: role, expiresAt: expiresAt)
        let granting = PairingGranting(installation, screen, offer, machineNumber: given) { [again] request in
            try Self.refuseKnown(request, installation, again: again)
        }
        if try DaemonSettings(reading: state).servers.isEmpty { Self.noteLocalServer(output) }
        try await granting.run(with: screen.enter(code))
    }

    private func text(_ context: CommandContext, _ output: Output) throws -> String {
        guard let request else {
            return try context.terminal.canAsk ? context.terminal.ask("the code: ") : CarriedInput.read("-", context)
        }
        guard EnteredCode.parse(request) == nil else {
            output.note(
                "the code was visible to every user of this machine: next time leave it out, and enter it when asked",
                .bad)
            return request
        }
        return try CarriedInput.read(request, orTextWith: JoinRequest.prefix, context)
    }

    /// Two machines of one id could not be told apart.
    private static func refuseKnown(_ request: JoinRequest, _ installation: Installation, again: Bool) throws {
        let known = try DeviceCache.read(installation.state).map(\.machineID) + [installation.machineID]
        guard known.contains(request.machineID), !again else { return }
        throw KinError(
            "machine_known",
            "a device of the family has the machine id \(request.machineID) already: if that is the machine that asks, add --again",
            category: .conflict)
    }

    private static func noteLocalServer(_ output: Output) {
        output.note(
            "this device uses a server on its own machine: the other one needs a server that both reach", .bad)
    }

    // MARK: By hand

    private func answer(
        _ text: String, _ given: String?, _ installation: Installation, _ context: CommandContext, _ output: Output
    ) throws {
        let approving = Approving(installation, now: context.now())
        let request = try approving.read(text)
        try Self.refuseKnown(request, installation, again: again)
        try confirm(request, given, installation, context, output)
        let servers = try DaemonSettings(reading: installation.state).servers
        let (text, member) = try approving.approve(
            request, role: role, lifetime: ttl?.milliseconds, servers: servers)
        if servers.isEmpty { Self.noteLocalServer(output) }
        try output.answer(
            .lines([text]),
            json: .object([
                "answer": .string(text), "member": .text(member), "role": .text(role),
                "machine_id": .text(request.machineID),
                "safety_number": .string(SafetyNumber.of(request).description),
            ]))
    }

    private func confirm(
        _ request: JoinRequest, _ given: String?, _ installation: Installation, _ context: CommandContext,
        _ output: Output
    ) throws {
        if let given { return try MachineNumber.check(given, request) }
        let name = request.name.map { " “\($0)”" } ?? ""
        output.note("machine\(name) \(request.machineID) asks to be a \(role)")
        output.note("this machine  \(SafetyNumber.of(request))")
        output.note("the family    \(SafetyNumber.of(installation.wallet.address))")
        guard context.terminal.canAsk else {
            throw KinError(
                "not_confirmed",
                "nobody can be asked here: add --safety-number with what that machine shows on its own screen",
                category: .usage)
        }
        try SafetyNumberCheck.ask(context)
    }

    private static func role(_ text: String) throws -> Role {
        guard let role = Role(text) else { throw ValidationError("a role is member, machine or guest") }
        return role
    }
}
