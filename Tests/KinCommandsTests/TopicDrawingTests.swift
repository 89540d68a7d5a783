import KinDaemonAPI
import KinWire
import Testing

@testable import KinCommands

/// Topics as people see them.
@Suite struct TopicDrawingTests {
    private func topic(_ change: (inout TopicInfo) -> Void = { _ in }) throws -> TopicInfo {
        var topic = TopicInfo(
            name: try #require(TopicName("plans")), joined: true, isPrivate: false, epoch: 0, hasKey: false,
            creator: nil)
        change(&topic)
        return topic
    }

    @Test("a key is there, comes with the next post, or is waited for; and the list and the answer say the same")
    func keys() throws {
        let topics = try [
            topic { ($0.epoch, $0.hasKey) = (3, true) }, topic(), topic { $0.waitsForKey = true },
            topic { $0.joined = false },
            topic { ($0.isPrivate, $0.creator) = (true, "studio") },
        ]
        let rows = TopicTable.topics(topics).rows
        #expect(rows.map { $0[3].text } == ["3", "with the next post", "waits", "-", "with the next post"])
        #expect(rows[4][2].text == "those named by studio")
        for (topic, row) in zip(topics, rows) {
            guard case .facts(let facts) = TopicTable.facts(topic) else { throw KinError("none", "no facts") }
            #expect(facts.suffix(2).map(\.value) == [row[2].text, row[3].text])
        }
    }

    @Test("of those in a topic it is said who is there, who was revoked, and that it is not known")
    func members() throws {
        func member(_ state: DeviceInfo.State, here: Bool = false, isRevoked: Bool = false) -> TopicMemberInfo {
            TopicMemberInfo(
                name: "x", member: "01J", joined: true, state: state, creator: false, thisDevice: here,
                isRevoked: isRevoked)
        }
        let list = TopicMemberList(
            topic: try #require(TopicName("plans")),
            members: [
                member(.online), member(.offline), member(.unknown), member(.online, here: true),
                member(.offline, isRevoked: true),
            ])
        #expect(
            TopicTable.members(list).rows.map { $0[1].text } == ["online", "offline", "unknown", "here", "revoked"])
    }

    @Test("a shell is offered devices, the topics with their sign, and everybody; nothing where no daemon runs")
    func completion() {
        #expect(KnownRecipients.offered(devices: ["phone"], topics: ["plans"]) == ["phone", "#plans", "all"])
        #expect(KnownRecipients.offered(devices: [], topics: []) == [])
        #expect(["a", "b", "a"].distinct == ["a", "b"])
    }

    @Test("to nobody is said before a daemon is asked", arguments: ["", "#"])
    func nobody(to: String) async throws {
        let stage = try Stage()
        #expect(await stage.run("send", to, "x") == .usage)
        #expect(stage.errors.text.contains("say to whom"))
    }
}
