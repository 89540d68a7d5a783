import KinEncoding
import KinWire

/// A topic as `GET /v1/topic/list` shows it.
public struct TopicInfo: Hashable, Sendable {
    public var name: TopicName
    /// Whether this device gets its posts.
    public var joined: Bool
    /// Whether only those know of it whom its list names.
    public var isPrivate: Bool
    /// The counter of the newest key here; 0: none has come.
    public var epoch: Int64
    /// Whether this device has the key to post with now.
    public var hasKey: Bool
    /// Whether there is a key that has not come: somebody in the topic who has it must be there.
    public var waitsForKey: Bool
    /// Who made a private topic.
    public var creator: String?

    public init(
        name: TopicName, joined: Bool, isPrivate: Bool, epoch: Int64, hasKey: Bool, creator: String?,
        waitsForKey: Bool = false
    ) {
        self.name = name
        self.joined = joined
        self.isPrivate = isPrivate
        self.epoch = epoch
        self.hasKey = hasKey
        self.creator = creator
        self.waitsForKey = waitsForKey
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in try TopicInfo(&fields) }
    }

    init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "topic")
        try self.init(&fields)
        try fields.end()
    }

    private init(_ fields: inout Fields) throws(WireError) {
        name = try fields.topic("name")
        joined = try fields.bool("joined")
        isPrivate = try fields.bool("private")
        epoch = try fields.integer("epoch")
        hasKey = try fields.bool("has_key")
        waitsForKey = try fields.bool("waits_for_key")
        creator = try fields.givenText("creator")
    }

    public var json: JSON {
        .object([
            "name": .text(name), "joined": .bool(joined), "private": .bool(isPrivate), "epoch": .integer(epoch),
            "has_key": .bool(hasKey), "waits_for_key": .bool(waitsForKey),
            "creator": .orNull(creator) { .string($0) },
        ])
    }
}

/// `GET /v1/topic/list`.
public struct TopicListing: Hashable, Sendable {
    public var topics: [TopicInfo]

    public init(topics: [TopicInfo]) { self.topics = topics }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            TopicListing(
                topics: try APIBody.array(fields.array("topics", atMost: 4096)) { item throws(WireError) in
                    try TopicInfo(json: item)
                })
        }
    }

    public var json: JSON { .object(["topics": .array(topics.map(\.json))]) }
}

/// One of those in a topic.
public struct TopicMemberInfo: Hashable, Sendable {
    public var name: String
    public var member: String
    /// Whether it gets the posts; of those named for a private topic some may have left.
    public var joined: Bool
    public var state: DeviceInfo.State
    /// Whether it is known to be there.
    public var online: Bool { state == .online }
    /// Whether it made the topic, where that is private.
    public var creator: Bool
    public var thisDevice: Bool
    /// Whether it is a member of the mesh no more; a private topic's list names it until it is taken off.
    public var isRevoked: Bool

    public init(
        name: String, member: String, joined: Bool, state: DeviceInfo.State, creator: Bool, thisDevice: Bool,
        isRevoked: Bool = false
    ) {
        self.name = name
        self.member = member
        self.joined = joined
        self.state = state
        self.isRevoked = isRevoked
        self.creator = creator
        self.thisDevice = thisDevice
    }

    init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "member")
        name = try fields.text("name")
        member = try fields.text("member")
        joined = try fields.bool("joined")
        _ = try fields.bool("online")
        isRevoked = try fields.bool("revoked")
        state = try fields.parsed("state", as: "a device's state") { DeviceInfo.State(rawValue: $0) }
        creator = try fields.bool("creator")
        thisDevice = try fields.bool("this_device")
        try fields.end()
    }

    public var json: JSON {
        .object([
            "name": .string(name), "member": .string(member), "joined": .bool(joined), "online": .bool(online),
            "state": .string(state.rawValue), "revoked": .bool(isRevoked),
            "creator": .bool(creator), "this_device": .bool(thisDevice),
        ])
    }
}

/// `GET /v1/topic/members?topic=`, and the answer of `POST /v1/topic/members`.
public struct TopicMemberList: Hashable, Sendable {
    public var topic: TopicName
    public var members: [TopicMemberInfo]

    public init(topic: TopicName, members: [TopicMemberInfo]) {
        self.topic = topic
        self.members = members
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            TopicMemberList(
                topic: try fields.topic(),
                members: try APIBody.array(fields.array("members", atMost: 65_536)) { item throws(WireError) in
                    try TopicMemberInfo(json: item)
                })
        }
    }

    public var json: JSON { .object(["topic": .text(topic), "members": .array(members.map(\.json))]) }
}

extension TopicInfo {
    public static let schema = Schema.object(
        "TopicInfo",
        [
            .required("name", .topic), .required("joined", .bool, "Whether this device gets its posts."),
            .required("private", .bool, "Whether only those know of it whom its list names."),
            .required("epoch", .count, "The number of the newest key here; 0: none has come."),
            .required("has_key", .bool, "Whether this device can post at once."),
            .required(
                "waits_for_key", .bool,
                "Whether there is a key that has not come here; false without a key: the next post makes one."),
            .optional("creator", Schema.text.orNull, "Who made a private topic."),
        ])
}

extension TopicListing {
    public static let schema = Schema.object(
        "TopicListing", [.required("topics", .list(TopicInfo.schema, atMost: 4096))])
}

extension TopicMemberInfo {
    static let schema = Schema.object(
        "TopicMember",
        [
            .required("name", .text), .required("member", .text),
            .required("joined", .bool, "Whether it gets the posts; of those named some may have left."),
            .required("online", .bool, "Whether it is known to be there."),
            .required("state", .one(of: DeviceInfo.State.self), "unknown: the broker is away."),
            .required("revoked", .bool, "Whether it is a member of the mesh no more."), .required("creator", .bool),
            .required("this_device", .bool),
        ])
}

extension TopicMemberList {
    public static let schema = Schema.object(
        "TopicMemberList",
        [.required("topic", .topic), .required("members", .list(TopicMemberInfo.schema, atMost: 65_536))])
}
