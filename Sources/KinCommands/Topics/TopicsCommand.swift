import ArgumentParser
import KinDaemonAPI

struct TopicsCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics",
        abstract: "List the topics that this device may see.",
        discussion: """
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
                    .init(topic.isPrivate ? "those named by \(topic.creator ?? "-")" : "everybody"), .init(key(topic)),
                ]
            })
    }

    private static func key(_ topic: TopicInfo) -> String {
        if topic.hasKey { return "\(topic.epoch)" }
        return topic.joined ? "none yet" : "-"
    }

    static func members(_ list: TopicMemberList) -> Table {
        Table(
            headings: ["NAME", "STATE", "IN IT", "MEMBER"],
            rows: list.members.map { member in
                [
                    .init(member.name, .strong),
                    member.thisDevice
                        ? .init("here", .good) : member.online ? .init("online", .good) : .init("offline", .dim),
                    .init(member.joined ? member.creator ? "made it" : "yes" : "left"), .init(member.member, .dim),
                ]
            })
    }

    static func facts(_ topic: TopicInfo) -> Drawing {
        .facts([
            .init(name: "topic", value: topic.name.description),
            .init(name: "state", value: topic.joined ? "joined" : "not joined"),
            .init(name: "for", value: topic.isPrivate ? "those it names" : "everybody"),
            .init(name: "key", value: key(topic)),
        ])
    }
}
