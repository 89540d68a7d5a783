import KinEncoding
import KinWire

/// `GET /v1/message/{client_message_id}`: where a sent message is, each state with its time (milliseconds).
public struct MessageStatus: Hashable, Sendable {
    public var clientMessageID: ClientMessageID
    public var status: MessageState
    /// The recipient's name as known now, else its member id.
    public var to: String
    public var toMember: String
    /// Whether it was said to a topic.
    public var isPost: Bool { toMember.hasPrefix("#") }
    public var priority: Priority
    public var queuedAt: Int64
    public var relayedAt: Int64?
    public var deliveredAt: Int64?
    public var readAt: Int64?
    public var expiresAt: Int64?
    public var brokerMessageID: Int64?
    /// Why it is not further, where something was refused.
    public var lastError: String?
    /// How often the broker was asked, and when it is asked next.
    public var attempts: Int64 = 0
    public var nextAttemptAt: Int64?
    /// When its recipient refused it; `lastError` is its reason.
    public var refusedAt: Int64?
    public var abortedAt: Int64?
    /// `user` or `requeue`.
    public var abortedBy: String?
    /// The message that was sent in its place.
    public var supersededBy: ClientMessageID?

    public init(
        clientMessageID: ClientMessageID, status: MessageState, to: String, toMember: String, priority: Priority,
        queuedAt: Int64, relayedAt: Int64?, deliveredAt: Int64?, readAt: Int64?, expiresAt: Int64?,
        brokerMessageID: Int64?, lastError: String?
    ) {
        self.clientMessageID = clientMessageID
        self.status = status
        self.to = to
        self.toMember = toMember
        self.priority = priority
        self.queuedAt = queuedAt
        self.relayedAt = relayedAt
        self.deliveredAt = deliveredAt
        self.readAt = readAt
        self.expiresAt = expiresAt
        self.brokerMessageID = brokerMessageID
        self.lastError = lastError
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in try MessageStatus(&fields) }
    }

    init(_ fields: inout Fields) throws(WireError) {
        clientMessageID = try fields.clientMessageID()
        status = try fields.state("status")
        to = try fields.text("to")
        toMember = try fields.text("to_member")
        priority = try fields.priority()
        queuedAt = try fields.time("queued_at")
        relayedAt = try fields.givenTime("relayed_at")
        deliveredAt = try fields.givenTime("delivered_at")
        readAt = try fields.givenTime("read_at")
        expiresAt = try fields.givenTime("expires_at")
        brokerMessageID = try fields.givenTime("broker_message_id")
        lastError = try fields.givenText("last_error")
        attempts = try fields.integer("attempts")
        nextAttemptAt = try fields.givenTime("next_attempt_at")
        refusedAt = try fields.givenTime("refused_at")
        abortedAt = try fields.givenTime("aborted_at")
        abortedBy = try fields.givenText("aborted_by")
        supersededBy = try fields.given("superseded_by") { fields, name throws(WireError) in
            try fields.clientMessageID(name)
        }
    }

    public var json: JSON { .object(members) }

    var members: [String: JSON] {
        [
            "client_message_id": .text(clientMessageID), "status": .string(status.rawValue), "to": .string(to),
            "to_member": .string(toMember), "priority": .text(priority), "queued_at": .integer(queuedAt),
            "relayed_at": .orNull(relayedAt) { .integer($0) }, "delivered_at": .orNull(deliveredAt) { .integer($0) },
            "read_at": .orNull(readAt) { .integer($0) }, "expires_at": .orNull(expiresAt) { .integer($0) },
            "broker_message_id": .orNull(brokerMessageID) { .integer($0) },
            "last_error": .orNull(lastError) { .string($0) }, "attempts": .integer(attempts),
            "next_attempt_at": .orNull(nextAttemptAt) { .integer($0) },
            "refused_at": .orNull(refusedAt) { .integer($0) }, "aborted_at": .orNull(abortedAt) { .integer($0) },
            "aborted_by": .orNull(abortedBy) { .string($0) }, "superseded_by": .orNull(supersededBy) { .text($0) },
        ]
    }
}

extension MessageStatus {
    public static let schema = Schema.object("MessageStatus", schemaMembers)

    static let schemaMembers: [Schema.Member] = [
        .required("client_message_id", .clientMessageID), .required("status", .one(of: MessageState.self)),
        .required("to", .text, "The recipient's name as known now, else its member id."),
        .required("to_member", .text), .required("priority", .priority), .required("queued_at", .time),
        .optional("relayed_at", Schema.time.orNull), .optional("delivered_at", Schema.time.orNull),
        .optional("read_at", Schema.time.orNull), .optional("expires_at", Schema.time.orNull),
        .optional("broker_message_id", Schema.count.orNull),
        .optional("last_error", Schema.text.orNull, "Why it is not further."),
        .required("attempts", .count, "How often the broker was asked."),
        .optional("next_attempt_at", Schema.time.orNull), .optional("refused_at", Schema.time.orNull),
        .optional("aborted_at", Schema.time.orNull),
        .optional("aborted_by", Schema.text.orNull, "user, requeue or recover."),
        .optional("superseded_by", Schema.clientMessageID.orNull, "The message sent in its place."),
    ]
}
