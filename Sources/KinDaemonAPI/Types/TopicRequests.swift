import KinEncoding
import KinWire

/// `POST /v1/topic/post`.
public struct PostRequest: Hashable, Sendable {
    public var topic: TopicName
    public var message: String
    public var priority: Priority
    /// Names of devices, at most 32.
    public var mentions: [DeviceName]?
    public var meta: JSON?
    public var replyTo: ClientMessageID?
    /// Makes a repeat recognisable; the daemon makes one where it is nil.
    public var clientMessageID: ClientMessageID?
    /// Milliseconds from now after which the post is worthless.
    public var expiresIn: Int64?

    public init(
        topic: TopicName, message: String, priority: Priority = .next, mentions: [DeviceName]? = nil, meta: JSON? = nil,
        replyTo: ClientMessageID? = nil, clientMessageID: ClientMessageID? = nil, expiresIn: Int64? = nil
    ) {
        self.topic = topic
        self.message = message
        self.priority = priority
        self.mentions = mentions
        self.meta = meta
        self.replyTo = replyTo
        self.clientMessageID = clientMessageID
        self.expiresIn = expiresIn
    }

    /// - Throws: `invalid_request`, naming the field.
    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            var post = PostRequest(
                topic: try fields.topic(), message: try fields.string("message", maxBytes: SendRequest.maxBytes))
            if fields.has("priority") { post.priority = try fields.priority() }
            post.mentions = try fields.given("mentions") { fields, name throws(WireError) in
                try fields.list(name, atMost: SealedMessage.maxMentions, as: "a device's name") { DeviceName($0) }
            }
            post.meta = try fields.given("meta") { fields, name throws(WireError) in try fields.meta(name) }
            post.replyTo = try fields.given("reply_to") { fields, name throws(WireError) in
                try fields.clientMessageID(name)
            }
            post.clientMessageID = try fields.given("client_message_id") { fields, name throws(WireError) in
                try fields.clientMessageID(name)
            }
            post.expiresIn = try fields.given("expires_in") { fields, name throws(WireError) in
                try fields.integer(name, from: 1, to: SendRequest.longestExpiry)
            }
            return post
        }
    }

    public var json: JSON {
        let members: [String: JSON] = [
            "topic": .text(topic), "message": .string(message), "priority": .text(priority),
        ]
        return .object(
            members.adding("mentions", mentions) { .array($0.map { .text($0) }) }.adding("meta", meta) { $0 }
                .adding("reply_to", replyTo) { .text($0) }.adding("client_message_id", clientMessageID) { .text($0) }
                .adding("expires_in", expiresIn) { .integer($0) })
    }
}

/// `POST /v1/topic/subscribe`, `…/unsubscribe`, `…/rekey`.
public struct TopicNamed: Hashable, Sendable {
    public var topic: TopicName

    public init(topic: TopicName) { self.topic = topic }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in TopicNamed(topic: try fields.topic()) }
    }

    public var json: JSON { .object(["topic": .text(topic)]) }
}

/// `POST /v1/topic/create`.
public struct TopicMaking: Hashable, Sendable {
    public var topic: TopicName
    /// Names or ids of those who are let in besides this device; nil: every member may join.
    public var members: [String]?

    public init(topic: TopicName, members: [String]? = nil) {
        self.topic = topic
        self.members = members
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            TopicMaking(
                topic: try fields.topic(),
                members: try fields.given("members") { fields, name throws(WireError) in
                    try fields.list(name, atMost: TopicList.maxMembers - 1, as: "a name or id") { $0 }
                })
        }
    }

    public var json: JSON {
        .object(["topic": .text(topic)].adding("members", members) { .strings($0) })
    }
}

/// `POST /v1/topic/members`: who is let into a private topic, and who is not any more.
public struct TopicMemberChange: Hashable, Sendable {
    public var topic: TopicName
    /// Names or ids.
    public var add: [String]
    /// Names or ids.
    public var remove: [String]

    public init(topic: TopicName, add: [String] = [], remove: [String] = []) {
        self.topic = topic
        self.add = add
        self.remove = remove
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            let topic = try fields.topic()
            var lists: [[String]] = []
            for name in ["add", "remove"] {
                lists.append(
                    try fields.given(name) { fields, name throws(WireError) in
                        try fields.list(name, atMost: TopicList.maxMembers, as: "a name or id") { $0 }
                    } ?? [])
            }
            return TopicMemberChange(topic: topic, add: lists[0], remove: lists[1])
        }
    }

    public var json: JSON {
        .object(["topic": .text(topic), "add": .strings(add), "remove": .strings(remove)])
    }
}

extension PostRequest {
    public static let schema = Schema.object(
        "PostRequest",
        [
            .required("topic", .topic), .required("message", .text, "The text; it may be empty."),
            .optional("priority", .priority, "next unless said."),
            .optional("mentions", Schema.mentions.orNull, "Names of devices."),
            .optional("meta", .meta.orNull), .optional("reply_to", .clientMessageID.orNull),
            .optional(
                "client_message_id", .clientMessageID.orNull, "Makes a repeat recognisable; made where it is absent."),
            .optional(
                "expires_in", Schema.integer(from: 1, to: SendRequest.longestExpiry).orNull,
                "Milliseconds after which the post is worthless."),
        ])
}

extension TopicNamed {
    public static let schema = Schema.object("TopicNamed", [.required("topic", .topic)])
}

extension TopicMaking {
    public static let schema = Schema.object(
        "TopicMaking",
        [
            .required("topic", .topic),
            .optional(
                "members", Schema.list(.recipient, atMost: TopicList.maxMembers - 1, isDistinct: true).orNull,
                "Names or ids of those let in besides this device; absent: every member may join."),
        ])
}

extension TopicMemberChange {
    private static let names = Schema.list(.recipient, atMost: TopicList.maxMembers, isDistinct: true).orNull

    public static let schema = Schema.object(
        "TopicMemberChange",
        [
            .required("topic", .topic), .optional("add", names, "Names or ids."),
            .optional("remove", names, "Names or ids."),
        ])
}
