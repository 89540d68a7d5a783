import KinEncoding
import KinWire

// What is posted, and to whom it goes.

extension MeshHub {
    /// Why a post may not be taken now. Of one that may the epoch counts from here on: whoever leaves next has read it.
    func refusal(of topic: TopicName, _ epoch: Epoch?, _ priority: Priority, from sender: ULID) -> Refusal? {
        state.withLock { state in
            guard let known = state.topics[topic], known.members[sender] != nil else { return .unknownTopic }
            guard let counter = epoch?.counter, counter > 0 else { return .epochMissing }
            if counter < max(known.minEpoch, 1) { return .epochStale }
            if counter > known.highestEpoch { return .epochAhead }
            state.topics.admitted(counter, priority, in: topic)
            return nil
        }
    }

    /// The topics with anything for that member behind a position.
    func subscriptions(of member: ULID, priority: Priority, after position: Int64) -> [Subscription] {
        state.withLock { $0.topics.subscriptions(of: member, priority: priority, after: position) }
    }

    /// Every topic that `member` is in.
    func subscriptions(of member: ULID) -> [Subscription] { state.withLock { $0.topics.subscriptions(of: member) } }

    /// A topic that `member` is in; nil where it is in none of that name.
    func subscription(of member: ULID, to topic: TopicName) -> Subscription? {
        state.withLock { state in
            state.topics[topic]?.members[member].map { Subscription(topic: topic, since: $0) }
        }
    }

    /// Whether a member is in a topic.
    func isMember(_ member: ULID, of topic: TopicName) -> Bool { subscription(of: member, to: topic) != nil }

    /// Hands a post that was just stored to those in the topic that are connected, but not to its sender.
    func post(_ message: StoredMessage, to topic: TopicName) {
        let push = message.push
        let sessions = state.withLock { state -> [BrokerSession] in
            state.topics.posted(topic, id: push.brokerMessageID, priority: push.priority)
            guard let members = state.topics[topic]?.members else { return [] }
            return state.siblings.flatMap { member, siblings in
                members[member] != nil && member != push.sender ? siblings.sessions : []
            }
        }
        guard !sessions.isEmpty else { return }
        let frame = MeshFrame.push(push).encoded(body: message.body)
        for session in sessions { session.offer(message, encoded: frame) }
    }
}
