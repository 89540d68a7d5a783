import ArgumentParser
import KinDaemonAPI
import KinEncoding
import KinWire

struct DeviceRevokeCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Put a device out of the family, for good.",
        discussion: """
            From then on nobody takes its messages, sends it any, or lists it, and its own daemon stops. Every device tells every \
            other, so no server can keep it quiet. A device that had the recovery \
            phrase still has it: against whoever knows the words this does not help.

            Members that the device certified fall with it, unless they are named with --keep: a thief may have certified some.

            An owner is revoked by the wallet: the recovery phrase is asked for, or read from standard input.

            EXAMPLES
              kin device revoke kiosk
              kin device revoke laptop --since 3d --reason "stolen" < phrase
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "A device's name or member id.", completion: KnownDevices.completion)
    var device: String

    @Option(help: ArgumentHelp("Why, for the record; at most 200 bytes. Servers can read it.", valueName: "text"))
    var reason = ""

    @Option(
        help: ArgumentHelp("It was not to be trusted for this time already, as in 2h or 3d.", valueName: "time"),
        transform: TimeSpan.parse)
    var since: TimeSpan?

    @Option(
        help: ArgumentHelp(
            "A member that the device certified and that is to stay; may be given again.", valueName: "name"),
        completion: KnownDevices.completion)
    var keep: [String] = []

    @Flag(help: "Whoever the device certified falls with it.")
    var keepNone = false

    @OptionGroup var phrase: PhraseOptions

    func validate() throws {
        guard keep.isEmpty || !keepNone else { throw ValidationError("--keep-none keeps nobody: leave --keep away") }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let request = RevokeRequest(
            device: device, reason: reason, cutoff: since.map { context.now() - $0.milliseconds },
            keep: keepNone || !keep.isEmpty ? keep : nil)
        let revoking = DeviceRevoking(daemon: daemon, phrase: phrase, context: context)
        try report(try await revoking.revoke(request), output)
    }

    private func report(_ answer: RevokeAnswer, _ output: Output) throws {
        let entry = answer.entry
        try output.answer(
            .lines(["\(answer.name) is revoked"]),
            json: .object([
                "name": .string(answer.name), "member": .text(entry.target), "author": .text(entry.author),
                "cutoff": .integer(entry.cutoff), "at": .integer(entry.at),
            ]))
    }
}
