import KinEncoding
import KinWire

/// `GET /v1/outbox/{client_message_id}`: a message of the outbox with what it says.
public struct OutboxMessage: Hashable, Sendable {
    public var status: MessageStatus
    /// nil where it was erased, or is of the daemon's own.
    public var message: String?
    public var meta: JSON?
    public var replyTo: ClientMessageID?
    public var contentType: String
    /// Its number among those to the same device with the same priority.
    public var seq: Int64
    /// The first 8 bytes of the request's fingerprint, as hex.
    public var fingerprint: String
    /// Milliseconds: when its content was erased.
    public var prunedAt: Int64?

    public init(
        status: MessageStatus, message: String?, meta: JSON?, replyTo: ClientMessageID?, contentType: String,
        seq: Int64, fingerprint: String, prunedAt: Int64?
    ) {
        self.status = status
        self.message = message
        self.meta = meta
        self.replyTo = replyTo
        self.contentType = contentType
        self.seq = seq
        self.fingerprint = fingerprint
        self.prunedAt = prunedAt
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in try OutboxMessage(&fields) }
    }

    init(_ fields: inout Fields) throws(WireError) {
        status = try MessageStatus(&fields)
        message = try fields.givenText("message")
        meta = try fields.given("meta") { fields, name throws(WireError) in try fields.take(name) }
        replyTo = try fields.given("reply_to") { fields, name throws(WireError) in try fields.clientMessageID(name) }
        contentType = try fields.text("content_type")
        seq = try fields.integer("seq")
        fingerprint = try fields.text("fingerprint")
        prunedAt = try fields.givenTime("pruned_at")
    }

    public var json: JSON {
        .object(
            status.members.merging([
                "message": .orNull(message) { .string($0) }, "meta": meta ?? .null,
                "reply_to": .orNull(replyTo) { .text($0) }, "content_type": .string(contentType),
                "seq": .integer(seq), "fingerprint": .string(fingerprint),
                "pruned_at": .orNull(prunedAt) { .integer($0) },
            ]) { _, new in new })
    }
}

/// `GET /v1/outbox`: oldest first.
public struct OutboxPage: Hashable, Sendable {
    public var messages: [MessageStatus]
    /// Where the next page starts; nil where this was the last.
    public var cursor: String?

    public init(messages: [MessageStatus], cursor: String?) {
        self.messages = messages
        self.cursor = cursor
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            OutboxPage(
                messages: try fields.objects("messages") { fields throws(WireError) in try MessageStatus(&fields) },
                cursor: try fields.givenText("cursor"))
        }
    }

    public var json: JSON {
        .object(["messages": .array(messages.map(\.json)), "cursor": .orNull(cursor) { .string($0) }])
    }
}

/// `POST /v1/outbox/{client_message_id}/requeue`: what is to be different. Members that are absent stay as they were.
public struct RequeuePatch: Hashable, Sendable {
    public var to: String?
    public var message: String?
    public var priority: Priority?
    /// `.some(nil)`: none any more.
    public var meta: JSON??
    /// `.some(nil)`: it does not expire any more.
    public var expiresIn: Int64??

    public init(
        to: String? = nil, message: String? = nil, priority: Priority? = nil, meta: JSON?? = nil,
        expiresIn: Int64?? = nil
    ) {
        self.to = to
        self.message = message
        self.priority = priority
        self.meta = meta
        self.expiresIn = expiresIn
    }

    /// - Throws: `KinError` `invalid_request`, naming the field.
    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            var patch = RequeuePatch()
            if fields.has("to") { patch.to = try fields.recipient("to") }
            if fields.has("message") {
                patch.message = try fields.string("message", maxBytes: SendRequest.maxBytes)
            }
            if fields.has("priority") { patch.priority = try fields.priority() }
            if fields.has("meta") {
                patch.meta = .some(
                    try fields.nullable("meta") { fields, name throws(WireError) in try fields.meta(name) })
            }
            if fields.has("expires_in") {
                patch.expiresIn = .some(
                    try fields.nullable("expires_in") { fields, name throws(WireError) in
                        try fields.integer(name, from: 1, to: SendRequest.longestExpiry)
                    })
            }
            return patch
        }
    }

    /// The request that is sent instead.
    public func applied(to request: SendRequest) -> SendRequest {
        var changed = request
        if let to { changed.to = to }
        if let message { changed.message = message }
        if let priority { changed.priority = priority }
        if let meta { changed.meta = meta }
        if let expiresIn { changed.expiresIn = expiresIn }
        return changed
    }

    public var json: JSON {
        let members: [String: JSON] = [:]
        return .object(
            members.adding("to", to) { .string($0) }.adding("message", message) { .string($0) }
                .adding("priority", priority) { .text($0) }.adding("meta", meta) { $0 ?? .null }
                .adding("expires_in", expiresIn) { .orNull($0) { .integer($0) } })
    }
}

/// `POST /v1/outbox/prune`: erases the contents of finished messages.
public struct PruneRequest: Hashable, Sendable {
    /// Milliseconds: only those accepted longer ago.
    public var olderThan: Int64

    public init(olderThan: Int64) { self.olderThan = olderThan }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            PruneRequest(olderThan: try fields.integer("older_than", from: 0, to: SendRequest.longestExpiry))
        }
    }

    public var json: JSON { .object(["older_than": .integer(olderThan)]) }
}

public struct PruneAnswer: Hashable, Sendable {
    public var pruned: Int64

    public init(pruned: Int64) { self.pruned = pruned }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            PruneAnswer(pruned: try fields.integer("pruned"))
        }
    }

    public var json: JSON { .object(["pruned": .integer(pruned)]) }
}

extension OutboxMessage {
    public static let schema = Schema.object("OutboxMessage", members)

    static let members: [Schema.Member] =
        MessageStatus.schemaMembers + [
            .optional("message", Schema.text.orNull, "Null where it was erased, or is of the daemon's own."),
            .optional("meta", Schema.meta.orNull), .optional("reply_to", Schema.clientMessageID.orNull),
            .required("content_type", .text), .required("seq", .count, "Its number among those of its lane."),
            .required("fingerprint", .text, "The first 8 bytes of the request's fingerprint, as hex."),
            .optional("pruned_at", Schema.time.orNull, "When its content was erased."),
        ]
}

extension OutboxPage {
    public static let schema = Schema.object(
        "OutboxPage",
        [.required("messages", .list(MessageStatus.schema, atMost: 1000)), .optional("cursor", .cursor)])
}

extension RequeuePatch {
    public static let schema = Schema.object(
        "RequeuePatch",
        [
            .optional("to", .recipient), .optional("message", .text), .optional("priority", .priority),
            .optional("meta", .meta.orNull, "Null takes it away."),
            .optional(
                "expires_in", Schema.integer(from: 1, to: SendRequest.longestExpiry).orNull,
                "Milliseconds from now; null takes it away."),
        ])
}

extension PruneRequest {
    public static let schema = Schema.object(
        "PruneRequest",
        [
            .required(
                "older_than", .integer(to: SendRequest.longestExpiry),
                "Milliseconds: only messages accepted longer ago.")
        ])
}

extension PruneAnswer {
    public static let schema = Schema.object("PruneAnswer", [.required("pruned", .count)])
}
