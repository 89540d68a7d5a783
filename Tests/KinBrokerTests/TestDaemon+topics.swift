import KinEncoding
import KinIdentity
import KinTesting
import KinWire

@testable import KinBroker

/// What a daemon asks about topics, and what it posts.
extension TestDaemon {
    /// The topics told when the session came in.
    @discardableResult
    func hearsTopics() async throws -> [TopicState] {
        _ = try await sink.take("topics_end") { if case .topicsEnd = $0.message { true } else { nil } }
        var topics: [TopicState] = []
        while sink.messages.contains(where: { $0.type == "topic" }) { topics.append(try await topic()) }
        return topics
    }

    /// How a topic stands, as it is told next.
    func topic(_ name: TopicName? = nil) async throws -> TopicState {
        try await sink.take("topic") { frame in
            if case .topic(let state) = frame.message, name.map({ $0 == state.topic }) ?? true { state } else { nil }
        }
    }

    /// Asks, and gives the code of the answer; nil: done.
    func asks(_ question: (ULID) -> MeshFrame) async throws -> String? {
        let request = ULID(milliseconds: 1, randomness: (0..<10).map { _ in UInt8.random(in: 0...255) })
        receive(question(request))
        return try await sink.take("topic_answer") { frame in
            if case .topicAnswer(let answer) = frame.message, answer.request == request { answer } else { nil }
        }.code
    }

    func creates(_ topic: TopicName, proof: TopicProof? = nil) async throws -> String? {
        try await asks { .topicCreate(TopicCreate(request: $0, topic: topic, proof: proof)) }
    }

    func joins(_ topic: TopicName, since: Int64? = nil) async throws -> String? {
        try await asks { .topicJoin(TopicJoin(request: $0, topic: topic, since: since)) }
    }

    func leaves(_ topic: TopicName) async throws -> String? {
        try await asks { .topicLeave(TopicLeave(request: $0, topic: topic)) }
    }

    func rekeys(_ topic: TopicName, _ counter: Int64) async throws -> String? {
        try await asks { .topicRekey(TopicRekey(request: $0, topic: topic, counter: counter)) }
    }

    func sets(_ proof: TopicProof) async throws -> String? {
        try await asks { .topicSet(TopicSet(request: $0, proof: proof)) }
    }

    func asks(members topic: TopicName) async throws -> String? {
        try await asks { .topicMembersGet(TopicMembersGet(request: $0, topic: topic)) }
    }

    func members(of topic: TopicName) async throws -> [ULID] {
        var members: [ULID] = []
        while true {
            let request = ULID(milliseconds: 2, randomness: (0..<10).map { _ in UInt8.random(in: 0...255) })
            receive(.topicMembersGet(TopicMembersGet(request: request, topic: topic, after: members.last)))
            let page = try await sink.take("topic_members") { frame in
                if case .topicMembers(let page) = frame.message, page.request == request { page } else { nil }
            }
            members += page.ids
            if !page.more { return members }
        }
    }

    private func post(_ id: String, to topic: TopicName, epoch: Int64?, seq: Int64) throws {
        receive(
            .send(
                Send(
                    clientMessageID: try ClientMessageID(id).orThrow("id"),
                    requestFingerprint: [UInt8](repeating: 1, count: 32), line: [1, 2, 3, 4, 5, 6, 7, 8], seq: seq,
                    destination: .topic(topic), priority: .next,
                    epoch: epoch.map { Epoch(counter: $0, minter: member) })), body: [1, 2, 3])
    }

    func posts(_ id: String, to topic: TopicName, epoch: Int64, seq: Int64 = 1) async throws {
        try post(id, to: topic, epoch: epoch, seq: seq)
        _ = try await ack(of: id)
    }

    func postsInVain(_ id: String, to topic: TopicName, epoch: Int64?, seq: Int64 = 1) async throws -> Nack {
        try post(id, to: topic, epoch: epoch, seq: seq)
        return try await nack(of: id)
    }

    /// A list that this device signs.
    func topicProof(
        _ topic: TopicName, _ members: [TestDaemon], after known: TopicProof? = nil
    ) throws -> TopicProof {
        let list = TopicList(
            mesh: device.mesh, topic: topic, creator: known?.list.creator ?? member, seq: (known?.list.seq ?? 0) + 1,
            members: members.map(\.member), member: member, at: TestClock.start)
        return TopicProof(list: list.signed(by: device.keys.signing), signer: device.chain)
    }
}

extension BrokerBench {
    /// A broker with two who have heard of its topics, and the name of one that is not there yet.
    static func withTwo() async throws -> (BrokerBench, TestDaemon, TestDaemon, TopicName) {
        let bench = try BrokerBench()
        let (alice, bob) = (try await bench.join(), try await bench.join())
        for daemon in [alice, bob] { try await daemon.hearsTopics() }
        return (bench, alice, bob, try TopicName("builds").orThrow("a name"))
    }
}
