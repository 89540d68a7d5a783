import ArgumentParser
import KinDaemonAPI
import KinWire

struct PostCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "post",
        abstract: "Say something to everybody in a topic.",
        discussion: """
            The answer “queued” means: on this machine's disk, and never lost from here on. With - for the text, or with none \
            and something piped in, standard input is the text.

            EXAMPLES
              kin post alerts "disk 91%"
              kin post alerts --mention studio "look at this"
              df -h | kin post alerts
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The topic.", completion: KnownTopics.joined, transform: MessageArguments.topic)
    var topic: TopicName

    @Argument(help: "The text, or - for standard input.")
    var message: String?

    @Option(
        help: ArgumentHelp("A device this concerns, which must be in the topic; again for each.", valueName: "name"),
        completion: KnownDevices.completion, transform: MessageArguments.device)
    var mention: [DeviceName] = []

    @OptionGroup var with: MessageOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let text = try MessageText(message, example: "kin post \(topic) \"text\"").read(
            context, mayBeEmpty: with.meta != nil)
        let post = PostRequest(
            topic: topic, message: text, priority: with.priority, mentions: mention.isEmpty ? nil : mention,
            meta: with.meta, replyTo: with.replyTo, clientMessageID: with.id,
            expiresIn: with.expiresIn?.milliseconds)
        let answer = try await LocalDaemon.of(context).call { try await $0.post(post) }
        let note = answer.duplicate ? " (sent before)" : ""
        try output.answer(
            .lines(["\(answer.status.rawValue) \(answer.clientMessageID)\(note)"]), json: answer.json)
    }
}
