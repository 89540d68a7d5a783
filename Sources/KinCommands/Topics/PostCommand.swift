import ArgumentParser
import KinDaemonAPI
import KinEncoding
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

    @Argument(help: "The topic.", completion: KnownTopics.completion, transform: MessageArguments.topic)
    var topic: TopicName

    @Argument(help: "The text, or - for standard input.")
    var message: String?

    @Option(
        help: "How urgent: now, next or low.", completion: .list(Priority.allCases.map(\.rawValue)),
        transform: MessageArguments.priority)
    var priority = Priority.next

    @Option(
        help: ArgumentHelp("A device this concerns; again for each.", valueName: "name"),
        completion: KnownDevices.completion, transform: MessageArguments.device)
    var mention: [DeviceName] = []

    @Option(
        help: ArgumentHelp("Worthless after this time, as in 90s, 10m or 2d.", valueName: "time"),
        transform: TimeSpan.parse)
    var expiresIn: TimeSpan?

    @Option(
        help: "An id of your own: repeating a post with it changes nothing.", transform: MessageArguments.identifier)
    var id: ClientMessageID?

    @Option(
        help: ArgumentHelp("The id of the message this answers.", valueName: "id"),
        transform: MessageArguments.identifier)
    var replyTo: ClientMessageID?

    @Option(
        help: ArgumentHelp("A JSON object for the program that reads it.", valueName: "json"),
        transform: MessageArguments.object)
    var meta: JSON?

    func run(in context: CommandContext, _ output: Output) async throws {
        let text = try MessageText(message, example: "kin post \(topic) \"text\"").read(
            context, mayBeEmpty: meta != nil)
        let post = PostRequest(
            topic: topic, message: text, priority: priority, mentions: mention.isEmpty ? nil : mention, meta: meta,
            replyTo: replyTo, clientMessageID: id, expiresIn: expiresIn?.milliseconds)
        let answer = try await LocalDaemon.of(context).call { try await $0.post(post) }
        let note = answer.duplicate ? " (sent before)" : ""
        try output.answer(
            .lines(["\(answer.status.rawValue) \(answer.clientMessageID)\(note)"]), json: answer.json)
    }
}
