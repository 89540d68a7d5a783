import KinEncoding
import KinWire

/// A message this device received.
public struct InboxRow: Hashable, Sendable {
    /// Rising in the order of arrival: the position for paging and following. 0 and less where the inbox was filled again.
    public var id: Int64
    public var clientMessageID: ClientMessageID
    public var brokerMessageID: Int64
    public var senderMember: ULID
    public var senderName: DeviceName
    public var priority: Priority
    public var contentType: String
    public var body: String
    public var meta: JSON?
    public var replyTo: ClientMessageID?
    /// Milliseconds: when the sender's outbox took it.
    public var createdAt: Int64
    /// Milliseconds: when this inbox took it.
    public var receivedAt: Int64
    public var readAt: Int64?
    /// Of a post.
    public var topic: TopicName?
    /// Whom a post names.
    public var mentions: [DeviceName] = []
}

/// A message that was opened and found sound.
public struct IncomingMessage: Sendable {
    public var message: SealedMessage
    public var brokerMessageID: Int64
    /// The sender's Ed25519 key in force, 32 bytes.
    public var senderKey: [UInt8]
    /// Milliseconds.
    public var receivedAt: Int64

    /// Of a post.
    public var topic: TopicName? {
        message.recipient.hasPrefix("#") ? TopicName(String(message.recipient.dropFirst())) : nil
    }

    public init(message: SealedMessage, brokerMessageID: Int64, senderKey: [UInt8], receivedAt: Int64) {
        self.message = message
        self.brokerMessageID = brokerMessageID
        self.senderKey = senderKey
        self.receivedAt = receivedAt
    }
}

/// Which part of the inbox to read.
public struct InboxQuery: Sendable {
    /// Below every id.
    public static let beginning = Int64.min

    /// Only rows with a higher id; `beginning`: all.
    public var after: Int64
    /// Only rows received at or after this time (milliseconds).
    public var since: Int64?
    public var from: ULID?
    /// Only posts of this topic.
    public var topic: TopicName?
    /// Only rows with all these words; needs the index.
    public var words: SearchWords?
    public var limit: Int
    /// Stops after about this many bytes of bodies.
    public var maxBytes: Int

    public init(
        after: Int64 = Self.beginning, since: Int64? = nil, from: ULID? = nil, topic: TopicName? = nil,
        words: SearchWords? = nil, limit: Int, maxBytes: Int
    ) {
        self.after = after
        self.since = since
        self.from = from
        self.topic = topic
        self.words = words
        self.limit = limit
        self.maxBytes = maxBytes
    }
}
