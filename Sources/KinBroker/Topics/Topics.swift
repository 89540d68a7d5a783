import KinEncoding
import KinWire

/// The topics of one mesh while the broker runs. What is changed here is on disk, or goes there.
struct Topics {
    static let maxTopics = 1024

    private(set) var named: [TopicName: StoredTopic]
    /// Posts that were let in and may be on disk, though their ids are not known yet, by priority rank.
    private var coming: [TopicName: [Int]] = [:]

    init(_ stored: [StoredTopic]) {
        named = Dictionary(stored.map { ($0.name, $0) }) { first, _ in first }
    }

    subscript(_ name: TopicName) -> StoredTopic? { named[name] }

    var isFull: Bool { named.count >= Self.maxTopics }

    /// Takes in what has reached the disk.
    mutating func apply(_ change: TopicChange) {
        var topic = named[change.name] ?? StoredTopic(name: change.name)
        topic.proof = change.proof
        topic.minEpoch = max(topic.minEpoch, change.minEpoch)
        for (member, since) in change.joining where topic.members[member] == nil { topic.members[member] = since }
        for member in change.leaving { topic.members[member] = nil }
        named[change.name] = change.isOver ? nil : topic
        if change.isOver { coming[change.name] = nil }
    }

    /// A post is let in. Until its id is known the topic counts as one with news.
    mutating func admitted(_ epoch: Int64, _ priority: Priority, in name: TopicName) {
        coming[name, default: Priority.allCases.map { _ in 0 }][priority.rank] += 1
        guard let known = named[name]?.epoch, known < epoch else { return }
        named[name]?.epoch = epoch
    }

    /// A post was stored.
    mutating func posted(_ name: TopicName, id: Int64, priority: Priority) {
        // One that was not stored stays among those that come: reading once too often loses nothing.
        if let count = coming[name]?[priority.rank], count > 0 { coming[name]?[priority.rank] = count - 1 }
        guard let last = named[name]?.last[priority.rank], last < id else { return }
        named[name]?.last[priority.rank] = id
    }

    func subscriptions(of member: ULID) -> [Subscription] {
        named.values.compactMap { topic in
            topic.members[member].map { Subscription(topic: topic.name, since: $0) }
        }
    }

    /// The topics that hold anything of that priority for `member` behind `position`.
    func subscriptions(of member: ULID, priority: Priority, after position: Int64) -> [Subscription] {
        named.values.compactMap { topic in
            guard let since = topic.members[member] else { return nil }
            let hasNews = topic.last[priority.rank] > max(position, since)
            guard hasNews || coming[topic.name]?[priority.rank] ?? 0 > 0 else { return nil }
            return Subscription(topic: topic.name, since: since)
        }
    }
}

extension StoredTopic {
    /// The lowest counter that nobody who is in it has a key of.
    var nextEpoch: Int64 { max(minEpoch, epoch) + 1 }

    /// The highest that may be used: a server that lost its store begins low.
    var highestEpoch: Int64 { max(minEpoch, epoch) + TopicRights.maxAhead }

    func mayBeSeen(by certificate: Certificate) -> Bool {
        TopicRights.allow(certificate, name, list: proof?.list)
    }

    func state(for member: ULID) -> TopicState {
        TopicState(
            topic: name, joined: members[member] != nil, minEpoch: minEpoch, epoch: epoch, proof: proof)
    }

    /// What happens when some leave: no key that they have is used any more.
    func change(leaving members: [ULID], proof: TopicProof? = nil) -> TopicChange {
        // Where no key was minted nobody has one.
        var change = TopicChange(
            name: name, proof: proof ?? self.proof, minEpoch: minEpoch == 0 && epoch == 0 ? 0 : nextEpoch,
            leaving: members)
        // The name of an open one is free again; a private one's list has to be followed by whoever comes next.
        let isOpen = name != .everybody && change.proof == nil
        change.isOver = isOpen && Set(self.members.keys).isSubset(of: members)
        return change
    }
}

/// Why a request about a topic is refused; the `code` of its `topic_answer`.
enum TopicRefusal: String {
    case exists = "topic_exists"
    /// There is none that this member may see.
    case unknown = "unknown_topic"
    case notAllowed = "topic_not_allowed"
    /// The mesh has as many as it may.
    case limit = "topic_limit"
    /// The list is not signed by who may sign it.
    case invalid = "topic_invalid"
    /// A newer list holds.
    case outdated = "topic_outdated"
    /// Every member is in `all`.
    case everybody = "topic_everybody"
    /// Counters rise in small steps.
    case epochAhead = "epoch_ahead"
    case notStored = "storage_unavailable"
    case tooMany = "rate_limited"
}
