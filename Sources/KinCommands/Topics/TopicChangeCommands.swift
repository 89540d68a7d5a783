import ArgumentParser
import KinDaemonAPI
import KinWire

// What one device does about a topic, named alone.

struct TopicJoinCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Join a topic: what is posted from now on comes here.",
        discussion: """
            EXAMPLES
              kin topic join alerts
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The topic.", completion: KnownTopics.others, transform: MessageArguments.topic)
    var name: TopicName

    func run(in context: CommandContext, _ output: Output) async throws {
        let topic = try await LocalDaemon.of(context).call { try await $0.join(name) }
        try output.answer(TopicTable.facts(topic), json: topic.json)
    }
}

struct TopicLeaveCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave",
        abstract: "Leave a topic: those who stay take another key.",
        discussion: """
            What came stays in the inbox.

            EXAMPLES
              kin topic leave alerts
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The topic.", completion: KnownTopics.joined, transform: MessageArguments.topic)
    var name: TopicName

    func run(in context: CommandContext, _ output: Output) async throws {
        let topic = try await LocalDaemon.of(context).call { try await $0.leave(name) }
        try output.answer(TopicTable.facts(topic), json: topic.json)
    }
}

struct TopicRekeyCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "rekey",
        abstract: "Make a new key for those who are in a topic.",
        discussion: """
            From then on nothing is readable with an older one. The same happens by itself when somebody leaves, is taken off or \
            is revoked; say it yourself where a key may be in other hands, or where nobody who has the key comes back.

            EXAMPLES
              kin topic rekey alerts
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The topic.", completion: KnownTopics.joined, transform: MessageArguments.topic)
    var name: TopicName

    func run(in context: CommandContext, _ output: Output) async throws {
        let topic = try await LocalDaemon.of(context).call { try await $0.rekey(name) }
        try output.answer(TopicTable.facts(topic), json: topic.json)
    }
}
