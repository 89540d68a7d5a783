import ArgumentParser
import KinDaemonAPI
import KinEncoding

struct DeviceForgetCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "List a device no more that is gone.",
        discussion: """
            kin devices  shows it here no more, and its alias is gone. It stays a member (kin mesh members), and is listed again, \
            and announced, once it comes back. Whoever is not to come back is put out of the family with  kin device revoke .

            EXAMPLES
              kin device forget old-laptop
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "A device's name, alias, member id or machine id.", completion: KnownDevices.completion)
    var device: String

    func run(in context: CommandContext, _ output: Output) async throws {
        let request = ForgetRequest(device: device)
        let answer = try await LocalDaemon.of(context).call { try await $0.forget(request) }
        try output.answer(
            .lines(["\(answer.name.printable(keepingLines: false)) is forgotten"]), json: answer.json)
    }
}
