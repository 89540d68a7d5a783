import ArgumentParser
import KinDaemon
import KinEncoding
import KinIdentity
import KinWire

struct DeviceRequestCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Ask to become a device of a family, on a machine that is not to have its phrase.",
        discussion: """
            Prints a request to carry to an owner's device, where  kin device approve  answers it; that answer is given here. Both \
            sides show two safety numbers, of this machine and of the family: they must be the same on both screens. On a \
            terminal the answer is asked for; else give it with --answer.

            EXAMPLES
              kin device request --name kiosk
              kin device request --answer - --family ADDRESS < answer
            """)

    @OptionGroup var options: OutputOptions

    @Option(help: "What this machine would be called.")
    var name: String?

    @Option(
        help: ArgumentHelp("The answer, or a file with it, or - for standard input.", valueName: "file"),
        completion: .file())
    var answer: String?

    @Option(
        help: ArgumentHelp(
            "The wallet address the answer must be of; without it the numbers are to be confirmed.",
            valueName: "address"))
    var family: String?

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try LocalDaemon.of(context).state
        let joining = Joining(state: state, now: context.now())
        if let answer {
            return try await join(
                joining, CarriedInput.read(answer, orTextWith: JoinApproval.prefix, context), state, context, output)
        }
        let name = try checkedName()
        let request = try joining.request(name: name)
        let number = SafetyNumber.of(request)
        output.note("this machine  \(number)")
        try output.answer(
            .lines([request.text]),
            json: .object([
                "request": .string(request.text), "safety_number": .string(number.description),
                "machine_id": .text(request.machineID),
            ]))
        guard context.terminal.canAsk && output.form == .text else { return }
        output.note("\ncarry it to an owner's device:  kin device approve")
        let answer = try context.terminal.ask("its answer: ")
        try await join(joining, answer, state, context, output)
    }

    private func checkedName() throws -> DeviceName? {
        guard let name else { return nil }
        guard let valid = DeviceName(name) else {
            throw KinError("name_invalid", "--name: \(DaemonSettings.nameRule)", category: .usage)
        }
        return valid
    }

    private func join(
        _ joining: Joining, _ answer: String, _ state: StateFolder, _ context: CommandContext, _ output: Output
    ) async throws {
        let approval = try joining.open(answer)
        let wallet = approval.chain.certificate.mesh.wallet
        try confirm(wallet, context, output)
        try joining.accept(approval)
        if !approval.servers.isEmpty {
            var settings = try DaemonSettings(reading: state)
            if settings.servers.isEmpty { settings.servers = approval.servers }
            try settings.write(to: state)
        }
        let role = approval.chain.certificate.role
        try output.answer(
            .lines([
                "this machine is a \(role) of wallet \(wallet) now; next:  kin up\(name.map { " --name \($0)" } ?? "")"
            ]),
            json: .object([
                "address": .text(wallet), "role": .text(role), "member": .text(approval.chain.member),
            ]))
    }

    private func confirm(_ wallet: WalletAddress, _ context: CommandContext, _ output: Output) throws {
        if let family {
            guard family == wallet.description else {
                throw KinError(
                    "another_family", "the answer is of the wallet \(wallet): it was not accepted", category: .refused)
            }
            return
        }
        output.note("the family    \(SafetyNumber.of(wallet))")
        guard context.terminal.canAsk else {
            throw KinError(
                "not_confirmed", "nobody can be asked whether that is the family: add --family ADDRESS",
                category: .usage)
        }
        try SafetyNumberCheck.ask(context)
    }
}

/// Asks whether the numbers are the same on both screens.
enum SafetyNumberCheck {
    /// - Throws: `safety_numbers_differ`.
    static func ask(_ context: CommandContext) throws {
        let answer = try context.terminal.ask("are both numbers the same on the other screen? (yes/no) ")
        guard ["y", "yes"].contains(answer.lowercased().filter { !$0.isWhitespace }) else {
            throw KinError(
                "safety_numbers_differ",
                "then somebody stands between the two machines: nothing was changed. Carry the text another way",
                category: .refused)
        }
    }
}
