import KinEncoding

// What a daemon asks of its broker about topics (docs/protocol/mesh.md, "Topics"). Each is answered once, by `topic_answer` or `topic_members`.

/// `topic_create`: a topic that every member may join, or, with a list, one that only those named know of.
public struct TopicCreate: Hashable, Sendable {
    /// Names the answer.
    public var request: ULID
    public var topic: TopicName
    public var proof: TopicProof?

    public init(request: ULID, topic: TopicName, proof: TopicProof? = nil) {
        self.request = request
        self.topic = topic
        self.proof = proof
    }

    init(_ fields: inout Fields) throws(WireError) {
        request = try fields.ulid("request")
        topic = try fields.topic()
        proof = try fields.optional("proof") { fields, name throws(WireError) in
            try TopicProof(json: fields.take(name))
        }
        if let list = proof?.list, list.topic != topic { throw fields.refusal("proof", "must be of that topic") }
    }

    var members: [String: JSON] {
        ["request": .text(request), "topic": .text(topic)].adding("proof", proof) { $0.json }
    }
}

/// `topic_join`: its posts are this member's deliveries from now on.
public struct TopicJoin: Hashable, Sendable {
    /// Names the answer.
    public var request: ULID
    public var topic: TopicName
    /// Milliseconds: posts that the broker has taken since then are, too. For a member that was in it already, at a broker that forgot.
    public var since: Int64?

    public init(request: ULID, topic: TopicName, since: Int64? = nil) {
        self.request = request
        self.topic = topic
        self.since = since
    }

    init(_ fields: inout Fields) throws(WireError) {
        request = try fields.ulid("request")
        topic = try fields.topic()
        since = try fields.optional("since") { fields, name throws(WireError) in try fields.time(name) }
    }

    var members: [String: JSON] {
        ["request": .text(request), "topic": .text(topic)].adding("since", since) { .integer($0) }
    }
}

/// `topic_leave`.
public struct TopicLeave: Hashable, Sendable {
    /// Names the answer.
    public var request: ULID
    public var topic: TopicName

    public init(request: ULID, topic: TopicName) {
        self.request = request
        self.topic = topic
    }

    init(_ fields: inout Fields) throws(WireError) {
        request = try fields.ulid("request")
        topic = try fields.topic()
    }

    var members: [String: JSON] { ["request": .text(request), "topic": .text(topic)] }
}

/// `topic_set`: a newer list of a private topic.
public struct TopicSet: Hashable, Sendable {
    /// Names the answer.
    public var request: ULID
    public var proof: TopicProof

    public init(request: ULID, proof: TopicProof) {
        self.request = request
        self.proof = proof
    }

    init(_ fields: inout Fields) throws(WireError) {
        request = try fields.ulid("request")
        proof = try TopicProof(json: fields.take("proof"))
    }

    var members: [String: JSON] { ["request": .text(request), "proof": proof.json] }
}

/// `topic_rekey`: from now on only posts of this epoch or a later one are taken.
public struct TopicRekey: Hashable, Sendable {
    /// Names the answer.
    public var request: ULID
    public var topic: TopicName
    /// The epoch's counter.
    public var counter: Int64

    public init(request: ULID, topic: TopicName, counter: Int64) {
        self.request = request
        self.topic = topic
        self.counter = counter
    }

    init(_ fields: inout Fields) throws(WireError) {
        request = try fields.ulid("request")
        topic = try fields.topic()
        counter = try fields.integer("counter", from: 1)
    }

    var members: [String: JSON] {
        ["request": .text(request), "topic": .text(topic), "counter": .integer(counter)]
    }
}

/// `topic_members_get`: who is in a topic, a page.
public struct TopicMembersGet: Hashable, Sendable {
    /// Names the answer.
    public var request: ULID
    public var topic: TopicName
    /// Only members with a higher id.
    public var after: ULID?

    public init(request: ULID, topic: TopicName, after: ULID? = nil) {
        self.request = request
        self.topic = topic
        self.after = after
    }

    init(_ fields: inout Fields) throws(WireError) {
        request = try fields.ulid("request")
        topic = try fields.topic()
        after = try fields.optional("after") { fields, name throws(WireError) in try fields.ulid(name) }
    }

    var members: [String: JSON] {
        ["request": .text(request), "topic": .text(topic)].adding("after", after) { .text($0) }
    }
}
