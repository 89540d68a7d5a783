import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire

// What the local API asks for.

extension TopicKeeper {
    private var me: ULID { installation.chain.member }

    /// Every topic this device may see.
    func list() -> TopicListing {
        TopicListing(topics: book.all.filter { $0.joined || isTold($0.topic) }.map { info($0) })
    }

    private func info(_ record: TopicRecord) -> TopicInfo {
        TopicInfo(
            name: record.topic, joined: record.joined, isPrivate: record.proof != nil,
            epoch: record.ring.highest, hasKey: record.current != nil,
            creator: record.proof.map { family.name(of: $0.list.creator) }, waitsForKey: record.waitsForKey)
    }

    private func shown(_ topic: TopicName) throws -> TopicInfo {
        guard let record = book.record(topic) else { throw TopicBroker.unknown(topic) }
        return info(record)
    }

    /// Makes a topic that every member may join; or, for named members, one that nobody else knows of.
    /// - Parameter members: names or ids besides this device's own; nil: for everybody.
    func create(_ topic: TopicName, members: [String]?) async throws -> TopicInfo {
        let proof = try members.map { names in
            installation.topicProof(topic, members: [me] + (try resolve(names)), after: nil, now: now())
        }
        try await broker.ask { .topicCreate(TopicCreate(request: $0, topic: topic, proof: proof)) }
        return try shown(topic)
    }

    func join(_ topic: TopicName) async throws -> TopicInfo {
        try await broker.ask { .topicJoin(TopicJoin(request: $0, topic: topic)) }
        return try shown(topic)
    }

    func leave(_ topic: TopicName) async throws -> TopicInfo {
        leaving.withLock { _ = $0.insert(topic) }
        defer { leaving.withLock { _ = $0.remove(topic) } }
        guard var left = book.record(topic) else { throw TopicBroker.unknown(topic) }
        try await broker.ask { .topicLeave(TopicLeave(request: $0, topic: topic)) }
        // The last to leave ends it.
        guard book.record(topic) != nil else {
            left.joined = false
            return info(left)
        }
        try book.change(topic) { $0.leave() }
        return try shown(topic)
    }

    /// Lets members into a private topic, or takes them off its list.
    func set(_ topic: TopicName, adding: [String], removing: [String]) async throws -> TopicMemberList {
        guard let record = book.record(topic) else { throw TopicBroker.unknown(topic) }
        guard let list = record.proof?.list else { throw Self.notPrivate(topic) }
        let added = try resolve(adding).filter { !list.members.contains($0) }
        let removed = try resolve(removing, among: list.members)
        let members = (list.members + added).filter { !removed.contains($0) }
        guard members != list.members else { return try await self.members(of: topic) }
        guard members.count <= TopicList.maxMembers else { throw Self.tooMany }
        let proof = installation.topicProof(topic, members: members, after: list, now: now())
        try await broker.ask { .topicSet(TopicSet(request: $0, proof: proof)) }
        try book.change(topic) { $0.take(proof) }
        // Who takes itself off sees nothing of it any more.
        if removed.contains(me) { return TopicMemberList(topic: topic, members: shown(members, proof.list)) }
        exchange.welcome(added, to: topic)
        if !removed.isEmpty, record.ring.highest > 0 { try await exchange.mint(topic) }
        return try await self.members(of: topic)
    }

    /// Makes a new key that those in the topic get, and nobody else.
    func rekey(_ topic: TopicName) async throws -> TopicInfo {
        guard let record = book.record(topic) else { throw TopicBroker.unknown(topic) }
        guard record.joined else { throw Addressing.notJoined(topic) }
        try await exchange.mint(topic)
        return try shown(topic)
    }

    /// Who is in a topic: by the broker's word, and of a private one only who is named.
    func members(of topic: TopicName) async throws -> TopicMemberList {
        guard let record = book.record(topic) else { throw TopicBroker.unknown(topic) }
        let joined = try await broker.members(of: topic)
        return TopicMemberList(
            topic: topic, members: shown(record.proof?.list.members ?? joined, record.proof?.list, joined: Set(joined)))
    }

    /// - Parameter joined: those of them that get the posts; nil: all.
    private func shown(_ ids: [ULID], _ list: TopicList?, joined: Set<ULID>? = nil) -> [TopicMemberInfo] {
        let revoked = Set(installation.revocations.current.entries.map(\.entry.target))
        return ids.map { id in
            TopicMemberInfo(
                name: family.name(of: id), member: id.description, joined: joined?.contains(id) ?? true,
                state: family.state(of: id), creator: list?.creator == id, thisDevice: id == me,
                isRevoked: revoked.contains(id))
        }.sorted { ($0.name, $0.member) < ($1.name, $1.member) }
    }

    private func resolve(_ names: [String]) throws -> [ULID] {
        var members: [ULID] = []
        for name in names {
            let member = try family.resolve(name).member
            if member != me, !members.contains(member) { members.append(member) }
        }
        return members
    }

    /// Whom to take off: those that are gone can be named by their ids.
    private func resolve(_ names: [String], among known: [ULID]) throws -> [ULID] {
        try names.map { name in
            let called = known.filter { $0.description == name || family.name(of: $0) == name }
            guard called.count < 2 else { throw Family.ambiguous(name, called) }
            return try called.first ?? family.resolve(name).member
        }
    }

    private static func notPrivate(_ topic: TopicName) -> KinError {
        KinError(
            "topic_not_private", "every member may join \(topic): only of a private topic somebody says who is in it",
            category: .conflict)
    }

    private static let tooMany = KinError(
        "topic_full", "a private topic has at most \(TopicList.maxMembers) members", category: .tooLarge)
}
