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
            Shows a code, and a QR code of it, to enter at  kin device approve  on an owner's device within 10 minutes; the two meet \
            at a server that can read nothing of it. Both screens then show one number: say yes only if they are the same. Nothing is \
            kept here before both sides said yes. Where nobody can be asked name the family with --family.

            With --by-hand it prints a request to carry over instead, and asks for the answer that  kin device approve  gives to it \
            (else give that with --answer); then two numbers are to be compared, of this machine and of the family.

            EXAMPLES
              kin device request --name kiosk --server https://kin.example.org
              kin device request --family ADDRESS --json
              kin device request --by-hand > request.txt
              kin device request --answer - --family ADDRESS < answer.txt
            """)

    @OptionGroup var options: OutputOptions

    @Option(help: "What this machine would be called.")
    var name: String?

    @OptionGroup var pairing: PairingOptions

    @Flag(help: "Print a request to carry by hand; no server is asked.")
    var byHand = false

    @Option(
        help: ArgumentHelp("The answer to it, or a file with it, or - for standard input.", valueName: "file"),
        completion: .file())
    var answer: String?

    @Option(
        help: ArgumentHelp(
            "The wallet address it must be of; without it the numbers are to be confirmed.", valueName: "address"))
    var family: String?

    func validate() throws {
        guard pairing.server == nil || !(byHand || answer != nil) else {
            throw ValidationError("--server is for a pairing: what is carried by hand needs none")
        }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try LocalDaemon.of(context).state
        let name = try checkedName()
        if byHand || answer != nil {
            return try await RequestByHand(name: name, family: family, state: state, context: context, output: output)
                .run(answer: answer)
        }
        let screen = try PairingScreen(context, output, given: family, else: "add --family ADDRESS")
        let joining = try PairedJoining(.device, name: name, home: state, now: context.now)
        let number = SafetyNumber.of(joining.request)
        let server = try pairing.address(state)
        output.note("this machine  \(number)", .dim)
        let peer = try await screen.show(
            pairing, at: server,
            ["machine_id": .text(joining.request.machineID), "safety_number": .string(number.description)],
            next: "enter it on an owner's device, at  kin device approve ,")
        let joined = try await PairingAsking(joining, screen, family: family).run(with: peer)
        try Self.say(joined.approval, name: name, output)
    }

    private func checkedName() throws -> DeviceName? {
        guard let name else { return nil }
        guard let valid = DeviceName(name) else {
            throw KinError("name_invalid", "--name: \(DaemonSettings.nameRule)", category: .usage)
        }
        return valid
    }

    /// The one line of a machine that has become a member.
    static func say(_ approval: JoinApproval, name: DeviceName?, _ output: Output) throws {
        let certificate = approval.chain.certificate
        let next = "kin up\(name.map { " --name \($0)" } ?? "")"
        try output.answer(
            .lines(["this machine is a \(certificate.role) of wallet \(certificate.mesh.wallet) now; next:  \(next)"]),
            json: .object([
                "address": .text(certificate.mesh.wallet), "role": .text(certificate.role),
                "member": .text(approval.chain.member),
            ]))
    }
}
