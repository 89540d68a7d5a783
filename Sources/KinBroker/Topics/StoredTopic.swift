import KinEncoding
import KinWire

/// A topic as the store holds it.
public struct StoredTopic: Hashable, Sendable {
    public var name: TopicName
    /// Of a private topic, and only there.
    public var proof: TopicProof?
    /// Posts of an epoch with a lower counter are not taken; 0: no key was minted yet.
    public var minEpoch: Int64
    /// The highest counter of a post so far.
    public var epoch: Int64
    /// Whose deliveries its posts are, and above which message id.
    public var members: [ULID: Int64]
    /// The highest id of a post, by priority rank.
    public var last: [Int64]

    public init(
        name: TopicName, proof: TopicProof? = nil, minEpoch: Int64 = 0, epoch: Int64 = 0, members: [ULID: Int64] = [:],
        last: [Int64] = Priority.allCases.map { _ in 0 }
    ) {
        self.name = name
        self.proof = proof
        self.minEpoch = minEpoch
        self.epoch = epoch
        self.members = members
        self.last = last
    }
}

/// What changes of a topic at once.
public struct TopicChange: Hashable, Sendable {
    public var name: TopicName
    public var proof: TopicProof?
    public var minEpoch: Int64
    /// With the message id above which its posts are theirs.
    public var joining: [ULID: Int64]
    public var leaving: [ULID]
    /// Where deliveries begin again with the change.
    public var rewinding: Rewinding?
    /// Nobody is in it any more: it is not kept.
    public var isOver = false

    public init(
        name: TopicName, proof: TopicProof?, minEpoch: Int64, joining: [ULID: Int64] = [:], leaving: [ULID] = []
    ) {
        self.name = name
        self.proof = proof
        self.minEpoch = minEpoch
        self.joining = joining
        self.leaving = leaving
    }
}

/// What a member has acknowledged above `to` counts as not handed to it.
public struct Rewinding: Hashable, Sendable {
    public var member: ULID
    /// The id of a message.
    public var to: Int64

    public init(member: ULID, to: Int64) {
        self.member = member
        self.to = to
    }
}

/// Where deliveries of members were made to begin again a short while ago: a session that is coming in may have read its place before.
struct Rewound {
    /// Milliseconds: longer than any session comes in.
    private static let patience: Int64 = 60_000

    private var members: [ULID: (position: Int64, at: Int64)] = [:]

    mutating func note(_ rewinding: Rewinding, now: Int64) {
        members = members.filter { now - $0.value.at < Self.patience }
        let known = members[rewinding.member]?.position ?? .max
        members[rewinding.member] = (min(known, rewinding.to), now)
    }

    /// Where a session that comes in now begins, at most; nil: where it says.
    func position(of member: ULID, now: Int64) -> Int64? {
        members[member].flatMap { now - $0.at < Self.patience ? $0.position : nil }
    }
}

/// A topic whose posts are among a member's deliveries.
public struct Subscription: Hashable, Sendable {
    public var topic: TopicName
    /// Only posts with a higher id.
    public var since: Int64

    public init(topic: TopicName, since: Int64) {
        self.topic = topic
        self.since = since
    }
}
