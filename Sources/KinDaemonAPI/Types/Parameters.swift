import KinWire

/// What to ask of `GET /v1/inbox`, and of `GET /v1/inbox/search` with words.
public struct InboxParameters: Hashable, Sendable {
    /// Most messages of one page.
    public static let maxLimit = 500

    /// Words that must all be in a message; needs `[capabilities] inbox_fts`.
    public var words: String?
    /// From an earlier page.
    public var cursor: String?
    /// Milliseconds: received at or after.
    public var since: Int64?
    /// A device's name or member id.
    public var from: String?
    public var topic: TopicName?
    public var limit: Int?
    /// Begins with the newest so many.
    public var last: Int?

    public init(
        words: String? = nil, cursor: String? = nil, since: Int64? = nil, from: String? = nil, topic: TopicName? = nil,
        limit: Int? = nil, last: Int? = nil
    ) {
        self.words = words
        self.cursor = cursor
        self.since = since
        self.from = from
        self.topic = topic
        self.limit = limit
        self.last = last
    }
}

/// What to ask of `GET /v1/outbox`.
public struct OutboxParameters: Hashable, Sendable {
    /// Only what cannot be sent or was refused; else also what waits.
    public var isFailed: Bool
    /// From an earlier page.
    public var cursor: String?
    public var limit: Int?

    public init(isFailed: Bool = false, cursor: String? = nil, limit: Int? = nil) {
        self.isFailed = isFailed
        self.cursor = cursor
        self.limit = limit
    }
}

/// What to ask of `GET /v1/history`. With neither `to` nor `from`, everything; with one, that side alone; with both, both.
public struct HistoryParameters: Hashable, Sendable {
    /// What was sent to this device: a name or member id.
    public var to: String?
    /// What was received from this device.
    public var from: String?
    /// From an earlier page.
    public var cursor: String?
    public var limit: Int?
    /// Instead of pages: the newest so many.
    public var last: Int?

    public init(
        to: String? = nil, from: String? = nil, cursor: String? = nil, limit: Int? = nil, last: Int? = nil
    ) {
        self.to = to
        self.from = from
        self.cursor = cursor
        self.limit = limit
        self.last = last
    }
}
