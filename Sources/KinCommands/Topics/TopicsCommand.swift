import ArgumentParser
import KinDaemonAPI

struct TopicsCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics",
        abstract: "List the topics that this device may see.",
        discussion: """
            KEY is the number of the newest key here. Without one: “with the next post” means that this device makes it then; “waits” \
            that others in the topic have one, and give it as soon as one of them is there: until then posts wait too. Where none of \
            them comes back  kin topic rekey  makes another.

            EXAMPLES
              kin topics
              kin topics --json
            """)

    @OptionGroup var options: OutputOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let listing = try await LocalDaemon.of(context).call { try await $0.topics() }
        try output.answer(.table(TopicTable.topics(listing.topics)), json: listing.json)
    }
}

/// Topics and their members as tables.
enum TopicTable {
    static func topics(_ topics: [TopicInfo]) -> Table {
        Table(
            headings: ["NAME", "STATE", "FOR", "KEY"],
            rows: topics.map { topic in
                [
                    .init(topic.name.description, .strong),
                    topic.joined ? .init("joined", .good) : .init("not joined", .dim),
                    .init(audience(topic)), key(topic),
                ]
            })
    }

    private static func audience(_ topic: TopicInfo) -> String {
        topic.isPrivate ? "those named by \(topic.creator ?? "-")" : "everybody"
    }

    private static func key(_ topic: TopicInfo) -> Table.Cell {
        if topic.hasKey { return .init("\(topic.epoch)") }
        if topic.waitsForKey { return .init("waits", .bad) }
        return .init(topic.joined ? "with the next post" : "-")
    }

    static func members(_ list: TopicMemberList) -> Table {
        Table(
            headings: ["NAME", "STATE", "IN IT", "MEMBER"],
            rows: list.members.map { member in
                [
                    .init(member.name, .strong),
                    DeviceTable.state(member),
                    .init(member.joined ? member.creator ? "made it" : "yes" : "left"), .init(member.member, .dim),
                ]
            })
    }

    static func facts(_ topic: TopicInfo) -> Drawing {
        .facts([
            .init(name: "topic", value: topic.name.description),
            .init(name: "state", value: topic.joined ? "joined" : "not joined"),
            .init(name: "for", value: audience(topic)),
            .init(name: "key", value: key(topic).text),
        ])
    }
}
