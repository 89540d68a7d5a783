import ArgumentParser
import KinDaemonAPI
import KinEncoding
import KinWire

struct DeviceAliasCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "alias",
        abstract: "Call a device otherwise here, whatever it calls itself.",
        discussion: """
            For this device alone: the alias stands in its lists, and every command takes it. It stays with the device when that \
            renames itself, and wins over a device that calls itself so.

            EXAMPLES
              kin device alias macbook-pro-2 desk
              kin device alias desk --remove
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "A device's name, alias or member id.", completion: KnownDevices.completion)
    var device: String

    @Argument(help: "What to call it: a-z, 0-9 and -.", transform: DeviceName.argument)
    var alias: DeviceName?

    @Flag(help: "It goes by its own name again.")
    var remove = false

    func validate() throws {
        guard (alias == nil) == remove else {
            throw ValidationError("say what to call it, as in  kin device alias \(device) desk , or --remove")
        }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let request = AliasRequest(device: device, alias: alias)
        let answer = try await LocalDaemon.of(context).call { try await $0.alias(request) }
        let line =
            remove
            ? "\(answer.name) goes by its own name"
            : "\(answer.ownName ?? answer.member?.description ?? device) is \(answer.name) here"
        try output.answer(.lines([line.printable(keepingLines: false)]), json: answer.json)
    }
}
