import ArgumentParser
import KinDaemonAPI
import KinWire

struct TailCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Show what is said in a topic, and go on with what comes.",
        discussion: """
            Each post once, across restarts of the daemon, until Control-C. What this device posts itself is not shown: \
            kin history --to '#alerts'  has it. Whom a post mentions stands with @ before it. With --json one object a line, which \
            has the text as it was sent; else what a terminal would obey is shown as pictures.

            EXAMPLES
              kin tail alerts
              kin tail alerts --limit 0 --json
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The topic.", completion: KnownTopics.joined, transform: MessageArguments.topic)
    var topic: TopicName

    @Option(help: ArgumentHelp("How many to begin with.", valueName: "number"))
    var limit = 10

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit is 0 or more") }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let listing = try await daemon.call { try await $0.topics() }
        guard let known = listing.topics.first(where: { $0.name == topic }) else {
            throw KinError(
                "unknown_topic",
                "there is no topic \(topic) that this device may see:  kin topics  lists those there are",
                category: .notFound)
        }
        guard known.joined else {
            throw KinError(
                "not_joined", "this device is not in \(topic), so nothing comes: join it with  kin topic join \(topic)",
                category: .conflict)
        }
        let reading = InboxReading(source: daemon.client, since: nil, from: nil, topic: topic, limit: limit)
        let drawing = MessageDrawing(moments: Moments(context))
        try await Interruptible.run {
            try await daemon.call { _ in
                try await reading.follow(output) { try output.answer(drawing.draw($0), json: $0.json) }
            }
        }
    }
}
