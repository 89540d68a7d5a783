import ArgumentParser
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinWire

struct DeviceRenameCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename",
        abstract: "Change what this device is called, for the whole family.",
        discussion: """
            At once, and until it is told otherwise: the others list it by its new name as soon as they hear of it, and messages say it. Another device \
            is renamed where it runs; here it can be called otherwise with  kin device alias .

            EXAMPLES
              kin device rename workshop
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "What the family calls this machine: a-z, 0-9 and -.", transform: DeviceName.argument)
    var name: DeviceName

    func run(in context: CommandContext, _ output: Output) async throws {
        let answer = try await LocalDaemon.of(context).call { try await $0.rename(RenameRequest(name: name)) }
        if !answer.others.isEmpty {
            output.note(
                "another device calls itself \(name) too, or is called so here: lists tell them apart by a suffix", .bad
            )
        }
        try output.answer(.lines(["this device is \(answer.name)"]), json: answer.json)
    }
}
