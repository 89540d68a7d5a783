import KinEncoding
import KinWire

/// A received message, as `GET /v1/inbox` and the `message` event show it. Times are milliseconds.
public struct InboxMessage: Hashable, Sendable {
    /// Rising in the order of arrival on this device; below 1 for what came back into an inbox that was lost.
    public var id: Int64
    public var clientMessageID: ClientMessageID
    /// The sender's name.
    public var from: String
    public var fromMember: ULID
    public var body: String
    public var contentType: String
    public var priority: Priority
    public var meta: JSON?
    public var replyTo: ClientMessageID?
    public var createdAt: Int64
    public var receivedAt: Int64
    public var readAt: Int64?
    /// Of a post.
    public var topic: TopicName?
    /// Whom a post names.
    public var mentions: [DeviceName] = []

    public init(
        id: Int64, clientMessageID: ClientMessageID, from: String, fromMember: ULID, body: String,
        contentType: String, priority: Priority, meta: JSON?, replyTo: ClientMessageID?, createdAt: Int64,
        receivedAt: Int64, readAt: Int64?
    ) {
        self.id = id
        self.clientMessageID = clientMessageID
        self.from = from
        self.fromMember = fromMember
        self.body = body
        self.contentType = contentType
        self.priority = priority
        self.meta = meta
        self.replyTo = replyTo
        self.createdAt = createdAt
        self.receivedAt = receivedAt
        self.readAt = readAt
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in try InboxMessage(&fields) }
    }

    init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "message")
        try self.init(&fields)
        try fields.end()
    }

    init(_ fields: inout Fields) throws(WireError) {
        id = try fields.integer("id", from: -Fields.maxInteger)
        clientMessageID = try fields.clientMessageID()
        from = try fields.text("from")
        fromMember = try fields.ulid("from_member")
        body = try fields.text("body")
        contentType = try fields.text("content_type")
        priority = try fields.priority()
        meta = try fields.given("meta") { fields, name throws(WireError) in try fields.take(name) }
        replyTo = try fields.given("reply_to") { fields, name throws(WireError) in try fields.clientMessageID(name) }
        createdAt = try fields.time("created_at")
        receivedAt = try fields.time("received_at")
        readAt = try fields.givenTime("read_at")
        topic = try fields.given("topic") { fields, name throws(WireError) in try fields.topic(name) }
        mentions =
            try fields.given("mentions") { fields, name throws(WireError) in
                try fields.list(name, atMost: SealedMessage.maxMentions, as: "a device's name") { DeviceName($0) }
            } ?? []
    }

    public var json: JSON {
        .object([
            "id": .integer(id), "client_message_id": .text(clientMessageID), "from": .string(from),
            "from_member": .text(fromMember), "body": .string(body), "content_type": .string(contentType),
            "priority": .text(priority), "meta": meta ?? .null, "reply_to": .orNull(replyTo) { .text($0) },
            "created_at": .integer(createdAt), "received_at": .integer(receivedAt),
            "read_at": .orNull(readAt) { .integer($0) }, "topic": .orNull(topic) { .text($0) },
            "mentions": .array(mentions.map { .text($0) }),
        ])
    }
}

/// `GET /v1/inbox`: oldest first.
public struct InboxPage: Hashable, Sendable {
    public var messages: [InboxMessage]
    /// Where the next page starts; nil where this was the last.
    public var cursor: String?

    public init(messages: [InboxMessage], cursor: String?) {
        self.messages = messages
        self.cursor = cursor
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            let messages = try APIBody.array(fields.array("messages", atMost: 1000)) { item throws(WireError) in
                try InboxMessage(json: item)
            }
            return InboxPage(messages: messages, cursor: try fields.givenText("cursor"))
        }
    }

    public var json: JSON {
        .object(["messages": .array(messages.map(\.json)), "cursor": .orNull(cursor) { .string($0) }])
    }
}

extension InboxMessage {
    public static let schema = Schema.object("InboxMessage", members)

    static let members: [Schema.Member] = [
        .required(
            "id", .integer(from: -Fields.maxInteger), "Rises in the order of arrival; below 1 for what came back."),
        .required("client_message_id", .clientMessageID), .required("from", .text, "The sender's name."),
        .required("from_member", .ulid), .required("body", .text), .required("content_type", .text),
        .required("priority", .priority), .optional("meta", Schema.meta.orNull),
        .optional("reply_to", Schema.clientMessageID.orNull), .required("created_at", .time),
        .required("received_at", .time), .optional("read_at", Schema.time.orNull),
        .optional("topic", Schema.topic.orNull, "Of a post."),
        .optional("mentions", Schema.mentions.orNull, "Whom a post names."),
    ]
}

extension InboxPage {
    public static let schema = Schema.object(
        "InboxPage",
        [.required("messages", .list(InboxMessage.schema, atMost: 1000)), .optional("cursor", .cursor)])
}
