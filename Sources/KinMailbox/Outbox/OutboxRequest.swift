import KinWire

/// A message to take into the outbox. All checks that can refuse it were made: a refused request consumes nothing.
public struct OutboxRequest: Sendable {
    public var clientMessageID: ClientMessageID
    /// 32 bytes (docs/protocol/messages.md, "Request fingerprint").
    public var fingerprint: [UInt8]
    public var lane: OutboxRow.Lane
    public var content: OutboxRow.Content
    /// Milliseconds.
    public var expiresAt: Int64?
    public var enqueuedAt: Int64

    public init(
        clientMessageID: ClientMessageID, fingerprint: [UInt8], lane: OutboxRow.Lane, content: OutboxRow.Content,
        expiresAt: Int64?, enqueuedAt: Int64
    ) {
        self.clientMessageID = clientMessageID
        self.fingerprint = fingerprint
        self.lane = lane
        self.content = content
        self.expiresAt = expiresAt
        self.enqueuedAt = enqueuedAt
    }
}

/// What became of a request.
public enum AcceptOutcome: Hashable, Sendable {
    /// It is on disk and will be sent; not new: it was already, by the same request.
    case queued(OutboxRow, isNew: Bool)
    /// The same request was sent before.
    case finished(OutboxRow)
    /// The id is taken: by another request, or by one that ended.
    case conflict(OutboxRow, matches: Bool)
}
