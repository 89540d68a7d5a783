import ArgumentParser
import KinDaemonAPI
import KinWire

/// Which received messages are wanted.
struct InboxFilter: ParsableArguments {
    @Option(help: ArgumentHelp("Only from this device.", valueName: "name"), completion: KnownDevices.completion)
    var from: String?

    @Option(
        help: ArgumentHelp("Only posts of this topic.", valueName: "name"), completion: KnownTopics.completion,
        transform: MessageArguments.topic)
    var topic: TopicName?

    @Option(
        help: ArgumentHelp("Only what was received in this time, as in 90s, 1h or 2d.", valueName: "time"),
        transform: TimeSpan.parse)
    var since: TimeSpan?

    @Option(help: ArgumentHelp("Only the newest so many.", valueName: "number"))
    var limit: Int?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is 1 or more") }
    }

    /// - Parameter words: nil: whatever they say.
    func reading(_ source: DaemonClient, _ context: CommandContext, words: String? = nil) -> InboxReading {
        var reading = InboxReading(
            source: source, words: words, since: since.map { max(context.now() - $0.milliseconds, 0) }, from: from,
            limit: limit)
        reading.topic = topic
        return reading
    }
}
