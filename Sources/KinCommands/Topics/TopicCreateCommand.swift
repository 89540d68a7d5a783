import ArgumentParser
import KinDaemonAPI
import KinWire

struct TopicCreateCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a topic and join it.",
        discussion: """
            Every member of the mesh may join it; with --private only those named are in it, at once, and nobody else sees it. \
            Servers see a topic's name and who is in it, and nothing of what is said.

            EXAMPLES
              kin topic create alerts
              kin topic create plans --private --with studio
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "Its name: 1 to 64 of a-z 0-9 . _ -", transform: MessageArguments.topic)
    var name: TopicName

    @Flag(name: .customLong("private"), help: "Only for those named.")
    var isPrivate = false

    @Option(
        help: ArgumentHelp("Who is in it besides this device; again for each.", valueName: "name"),
        completion: KnownDevices.completion)
    var with: [String] = []

    func validate() throws {
        if !with.isEmpty && !isPrivate {
            throw ValidationError("--with names who is in a private topic: add --private")
        }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let topic = try await LocalDaemon.of(context).call { client in
            try await client.createTopic(name, members: isPrivate ? with.distinct : nil)
        }
        try output.answer(TopicTable.facts(topic), json: topic.json)
    }
}
