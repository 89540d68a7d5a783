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
            Takes what  kin device request  printed and prints the answer to carry back. Both sides show two safety numbers, of \
            that machine and of the family: they must be the same on both screens. Elsewhere than on a terminal give the machine's number, \
            as its own screen shows it, with --safety-number.

            EXAMPLES
              kin device approve
              kin device approve request.txt --role machine
              kin device approve request.txt --role guest --ttl 30d
            """)

    @OptionGroup var options: OutputOptions

    @Argument(
        help: "The request, or a file with it, or - for standard input; asked for where none is given.",
        completion: .file())
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
        let approving = Approving(installation, now: context.now())
        let request = try approving.read(text(context))
        try refuseKnown(request, installation, state, context)
        try confirm(request, installation, context, output)
        let servers = try DaemonSettings(reading: state).servers
        let (text, member) = try approving.approve(
            request, role: role, lifetime: ttl?.milliseconds, servers: servers)
        if servers.isEmpty {
            output.note(
                "this device uses a server on its own machine: the other one needs a server that both reach", .bad)
        }
        try output.answer(
            .lines([text]),
            json: .object([
                "answer": .string(text), "member": .text(member), "role": .text(role),
                "machine_id": .text(request.machineID),
                "safety_number": .string(SafetyNumber.of(request).description),
            ]))
    }

    /// Two machines of one id could not be told apart.
    private func refuseKnown(
        _ request: JoinRequest, _ installation: Installation, _ state: StateFolder, _ context: CommandContext
    ) throws {
        let known = try DeviceCache.read(state).map(\.machineID) + [installation.machineID]
        guard known.contains(request.machineID), !again else { return }
        throw KinError(
            "machine_known",
            "a device of the family has the machine id \(request.machineID) already: if that is the machine that asks, add --again",
            category: .conflict)
    }

    private func text(_ context: CommandContext) throws -> String {
        if let request { return try CarriedInput.read(request, orTextWith: JoinRequest.prefix, context) }
        return try context.terminal.canAsk
            ? context.terminal.ask("the request: ") : CarriedInput.read("-", context)
    }

    private func confirm(
        _ request: JoinRequest, _ installation: Installation, _ context: CommandContext, _ output: Output
    ) throws {
        let number = SafetyNumber.of(request)
        if let safetyNumber {
            guard safetyNumber.filter(\.isNumber) == number.description.filter(\.isNumber) else {
                throw KinError(
                    "safety_numbers_differ", "the request has the safety number \(number): it was not approved",
                    category: .refused)
            }
            return
        }
        let name = request.name.map { " “\($0)”" } ?? ""
        output.note("machine\(name) \(request.machineID) asks to be a \(role)")
        output.note("this machine  \(number)")
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
