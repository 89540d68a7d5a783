import ArgumentParser
import KinDaemon
import KinEncoding
import KinIdentity
import KinWire

struct MeshJoinCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Join somebody else's mesh by the code of an invitation.",
        discussion: """
            Takes the code that  kin mesh invite  shows there: asked for, or from standard input; never as an argument, which every \
            user of this machine can see. Both screens then show one number: say yes only if they are the same. The mesh stands \
            beside this machine's own, with keys of its own. Where nobody can be asked name the family with --family.

            EXAMPLES
              kin mesh join
              kin mesh join - --family ADDRESS < code.txt
            """)

    @OptionGroup var options: OutputOptions

    @Argument(
        help: "- for standard input, or a file with the code; asked for where none is given.", completion: .file())
    var source: String?

    @Option(help: "What this device would be called there.")
    var name: String?

    @Option(
        help: ArgumentHelp(
            "The wallet address it must be of; without it the number is to be confirmed.", valueName: "address"))
    var family: String?

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try LocalDaemon.of(context).state
        let screen = try PairingScreen(
            context, output, given: family, else: "add --family with the address of the wallet that invites")
        let joining = try PairedJoining(.mesh, name: checkedName(), home: state, now: context.now)
        let code = try EnteredCode.read(text(context))
        let joined = try await PairingAsking(joining, screen, family: family).run(with: screen.enter(code))
        let certificate = joined.approval.chain.certificate
        let mesh = joined.place.mesh
        let until = certificate.expiresAt.map { ", until \(Moments(context).clock($0))" } ?? ""
        let next = "kin up" + (mesh.isHome ? "" : " --mesh \(mesh)") + (name.map { " --name \($0)" } ?? "")
        try output.answer(
            .lines(["this machine is a \(certificate.role) of \(certificate.mesh) now\(until); next:  \(next)"]),
            json: .object([
                "mesh": .text(mesh), "address": .text(certificate.mesh.wallet), "role": .text(certificate.role),
                "member": .text(joined.approval.chain.member),
                "expires_at": .orNull(certificate.expiresAt) { .integer($0) },
            ]))
    }

    private func text(_ context: CommandContext) throws -> String {
        guard let source else {
            return try context.terminal.canAsk ? context.terminal.ask("the code: ") : CarriedInput.read("-", context)
        }
        guard EnteredCode.parse(source) == nil else {
            throw KinError(
                "secret_argument",
                "a code is a secret, and every user of this machine sees arguments: leave it out, and enter it when asked; and have a new one shown",
                category: .usage)
        }
        return try CarriedInput.read(source, context)
    }

    private func checkedName() throws -> DeviceName? {
        guard let name else { return nil }
        guard let valid = DeviceName(name) else {
            throw KinError("name_invalid", "--name: \(DaemonSettings.nameRule)", category: .usage)
        }
        return valid
    }
}
