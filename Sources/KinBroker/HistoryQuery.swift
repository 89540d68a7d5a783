import KinEncoding
import KinWire

/// Which part of a conversation a store is to read back, newest first.
public struct HistoryQuery: Hashable, Sendable {
    public enum Conversation: Hashable, Sendable {
        /// What the two sent each other.
        case with(ULID)
        /// What was sent to the member by anyone, directly or in the topics it is in.
        case everything([Subscription])
        /// The posts of others in a topic that it is in.
        case topic(Subscription)
    }

    /// Who asks.
    public var member: ULID
    public var conversation: Conversation
    /// Only messages with a lower id.
    public var before: Int64?
    /// Of what was sent to `member`, only up to these ids, by priority rank: what it has not acknowledged comes by push alone.
    public var through: [Int64]
    public var limit: Int
    /// Of bodies; one message is given in any case.
    public var maxBytes: Int
    /// Rows that are looked at: what is none of the conversation's, or has no body any more, costs its look too.
    public var maxRows: Int

    public init(
        member: ULID, _ conversation: Conversation, before: Int64?, through: [Int64], limit: Int,
        maxBytes: Int = 1 << 20,
        maxRows: Int = 2048
    ) {
        self.member = member
        self.conversation = conversation
        self.before = before
        self.through = through
        self.limit = limit
        self.maxBytes = maxBytes
        self.maxRows = maxRows
    }
}

/// What was found, newest first.
public struct HistoryPage: Hashable, Sendable {
    public var messages: [StoredMessage]
    /// Where to go on; nil where nothing is older.
    public var before: Int64?

    public init(messages: [StoredMessage], before: Int64?) {
        self.messages = messages
        self.before = before
    }
}
