import ArgumentParser
import KinDaemonAPI
import KinWire

struct TopicMembersCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "List who is in a topic.",
        discussion: """
            EXAMPLES
              kin topic members alerts
              kin topic members alerts --json
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The topic.", completion: KnownTopics.completion, transform: MessageArguments.topic)
    var name: TopicName

    func run(in context: CommandContext, _ output: Output) async throws {
        let list = try await LocalDaemon.of(context).call { try await $0.members(of: name) }
        try output.answer(.table(TopicTable.members(list)), json: list.json)
    }
}

struct TopicAddCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Let devices into a private topic.",
        discussion: """
            Whoever made the topic may, and owner devices in it.

            EXAMPLES
              kin topic add plans studio phone
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The topic.", completion: KnownTopics.named, transform: MessageArguments.topic)
    var name: TopicName

    @Argument(help: "Names or member ids.", completion: KnownDevices.completion)
    var devices: [String]

    func run(in context: CommandContext, _ output: Output) async throws {
        let list = try await LocalDaemon.of(context).call { client in
            try await client.change(TopicMemberChange(topic: name, add: devices.distinct))
        }
        try output.answer(.table(TopicTable.members(list)), json: list.json)
    }
}

struct TopicRemoveCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take devices off a private topic: they read nothing that is said from then on.",
        discussion: """
            Whoever made the topic may, and owner devices in it.

            EXAMPLES
              kin topic remove plans phone
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The topic.", completion: KnownTopics.named, transform: MessageArguments.topic)
    var name: TopicName

    @Argument(help: "Names or member ids.", completion: KnownDevices.completion)
    var devices: [String]

    func run(in context: CommandContext, _ output: Output) async throws {
        let list = try await LocalDaemon.of(context).call { client in
            try await client.change(TopicMemberChange(topic: name, remove: devices.distinct))
        }
        try output.answer(.table(TopicTable.members(list)), json: list.json)
    }
}

extension [String] {
    /// Each once, in the order given.
    var distinct: [String] { reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
}
