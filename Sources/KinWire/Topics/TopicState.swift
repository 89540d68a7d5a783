import KinEncoding

// What a broker tells of topics (docs/protocol/mesh.md, "Topics").

/// `topic`: how one stands. After `members_end` one for each that the member may see, then `topics_end`; later whenever it changes.
public struct TopicState: Hashable, Sendable {
    public var topic: TopicName
    /// Whether this member gets its posts.
    public var joined: Bool
    /// Posts of an epoch with a lower counter are not taken; 0: no key was minted yet.
    public var minEpoch: Int64
    /// The highest counter of a post so far; 0 before the first.
    public var epoch: Int64
    /// Of a private topic, and only there.
    public var proof: TopicProof?

    public init(topic: TopicName, joined: Bool, minEpoch: Int64, epoch: Int64, proof: TopicProof? = nil) {
        self.topic = topic
        self.joined = joined
        self.minEpoch = minEpoch
        self.epoch = epoch
        self.proof = proof
    }

    init(_ fields: inout Fields) throws(WireError) {
        topic = try fields.topic()
        joined = try fields.bool("joined")
        minEpoch = try fields.integer("min_epoch")
        epoch = try fields.integer("epoch")
        proof = try fields.optional("proof") { fields, name throws(WireError) in
            try TopicProof(json: fields.take(name))
        }
        if let list = proof?.list, list.topic != topic { throw fields.refusal("proof", "must be of that topic") }
    }

    var members: [String: JSON] {
        [
            "topic": .text(topic), "joined": .bool(joined), "min_epoch": .integer(minEpoch), "epoch": .integer(epoch),
        ].adding("proof", proof) { $0.json }
    }
}

/// `topic_gone`: the member may not see it any more.
public struct TopicGone: Hashable, Sendable {
    public var topic: TopicName

    public init(topic: TopicName) { self.topic = topic }

    init(_ fields: inout Fields) throws(WireError) { topic = try fields.topic() }

    var members: [String: JSON] { ["topic": .text(topic)] }
}

/// `topics_end`: every topic was told.
public struct TopicsEnd: Hashable, Sendable {
    public init() {}

    init(_ fields: inout Fields) throws(WireError) {}

    var members: [String: JSON] { [:] }
}

/// `topic_answer`: it was done, or why not.
public struct TopicAnswer: Hashable, Sendable {
    public var request: ULID
    /// nil: done. Else `topic_exists`, `topic_not_allowed`, `topic_limit`, `topic_invalid`, `unknown_topic`, `topic_outdated`, `topic_everybody`,
    /// `epoch_ahead`, `rate_limited` or `storage_unavailable`.
    public var code: String?

    public init(request: ULID, code: String? = nil) {
        self.request = request
        self.code = code
    }

    init(_ fields: inout Fields) throws(WireError) {
        request = try fields.ulid("request")
        code = try fields.optional("code") { fields, name throws(WireError) in
            try fields.parsed(name, as: "1 to 64 of a-z 0-9 _") { isFeatureName($0) ? $0 : nil }
        }
    }

    var members: [String: JSON] { ["request": .text(request)].adding("code", code) { .string($0) } }
}

/// `topic_members`: a page of those in a topic, by rising id.
public struct TopicMembers: Hashable, Sendable {
    public static let maxMembers = 256

    public var request: ULID
    public var ids: [ULID]
    /// Whether more follow.
    public var more: Bool

    public init(request: ULID, ids: [ULID], more: Bool) {
        self.request = request
        self.ids = ids
        self.more = more
    }

    init(_ fields: inout Fields) throws(WireError) {
        request = try fields.ulid("request")
        ids = try fields.list("members", atMost: Self.maxMembers, as: "a ULID") { ULID($0) }
        more = try fields.bool("more")
    }

    var members: [String: JSON] {
        ["request": .text(request), "members": .array(ids.map { .text($0) }), "more": .bool(more)]
    }
}
