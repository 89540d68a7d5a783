import KinDaemon
import KinEncoding
import KinIdentity
import KinWire

/// A request whose two texts people carry.
struct RequestByHand {
    let name: DeviceName?
    /// The wallet address the answer must be of.
    let family: String?
    let state: StateFolder
    let context: CommandContext
    let output: Output

    /// - Parameter answer: the answer, or where it is; nil: the request is printed, and where a person is there the answer asked for.
    func run(answer: String?) async throws {
        let joining = Joining(state: state, now: context.now())
        if let answer {
            return try join(joining, CarriedInput.read(answer, orTextWith: JoinApproval.prefix, context))
        }
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
        try join(joining, context.terminal.ask("its answer: "))
    }

    private func join(_ joining: Joining, _ answer: String) throws {
        let approval = try joining.open(answer)
        try confirm(approval.chain.certificate.mesh.wallet)
        try joining.accept(approval)
        if !approval.servers.isEmpty {
            var settings = try DaemonSettings(reading: state)
            if settings.servers.isEmpty { settings.servers = approval.servers }
            try settings.write(to: state)
        }
        try DeviceRequestCommand.say(approval, name: name, output)
    }

    private func confirm(_ wallet: WalletAddress) throws {
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
