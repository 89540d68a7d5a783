import KinEncoding
import KinWire

/// A message this device sends, as the outbox holds it.
public struct OutboxRow: Hashable, Sendable {
    public enum Status: String, Hashable, Sendable {
        /// Not yet taken by the broker.
        case pending
        /// The broker has it.
        case done
        /// It cannot be sent any more; `lastError` says why.
        case dead
        /// The user gave it up.
        case aborted
    }

    /// One destination and priority: within it messages keep their order.
    public struct Lane: Hashable, Sendable {
        public var destination: Destination
        public var priority: Priority

        public init(destination: Destination, priority: Priority) {
            self.destination = destination
            self.priority = priority
        }
    }

    /// What the recipient will read.
    public struct Content: Hashable, Sendable {
        public var body: String
        public var contentType: String
        public var meta: JSON?
        public var replyTo: ClientMessageID?
        public var mentions: [DeviceName]?

        public init(
            body: String, contentType: String = SealedMessage.plainText, meta: JSON? = nil,
            replyTo: ClientMessageID? = nil, mentions: [DeviceName]? = nil
        ) {
            self.body = body
            self.contentType = contentType
            self.meta = meta
            self.replyTo = replyTo
            self.mentions = mentions
        }
    }

    public var clientMessageID: ClientMessageID
    /// 32 bytes.
    public var fingerprint: [UInt8]
    public var lane: Lane
    /// 8 bytes.
    public var line: [UInt8]
    public var seq: Int64
    public var content: Content
    /// Milliseconds, as all times here.
    public var expiresAt: Int64?
    public var enqueuedAt: Int64
    public var status: Status
    public var lastError: String?
    public var relayedAt: Int64?
    public var deliveredAt: Int64?
    public var readAt: Int64?
    public var brokerMessageID: Int64?
    /// When its recipient refused it, and why. Final.
    public var refusedAt: Int64?
    public var refusedReason: String?
    /// Rising in the order of acceptance: the position for paging. 0 where it is in no outbox.
    public var id: Int64 = 0
    /// Answers of the broker so far, and when it is asked again.
    public var attempts: Int64 = 0
    public var nextAttemptAt: Int64?
    public var abortedAt: Int64?
    public var abortedBy: String?
    /// The message that was sent in its place.
    public var supersededBy: ClientMessageID?
    /// When its content was erased.
    public var prunedAt: Int64?

    /// Whether a user or program sent it; else the daemon did, on its own account, and it is nobody else's to read or change.
    public var isUsers: Bool { !Self.daemonsOwn.contains(content.contentType) }

    private static let daemonsOwn: Set = [SuccessionBundle.contentType, Profile.contentType]

    /// Whether the recipient had the last word, and it was no.
    public var isRefused: Bool { status == .done && refusedAt != nil }

    public init(
        clientMessageID: ClientMessageID, fingerprint: [UInt8], lane: Lane, line: [UInt8], seq: Int64,
        content: Content, expiresAt: Int64?, enqueuedAt: Int64, status: Status, lastError: String? = nil,
        relayedAt: Int64? = nil, deliveredAt: Int64? = nil, readAt: Int64? = nil, brokerMessageID: Int64? = nil
    ) {
        self.clientMessageID = clientMessageID
        self.fingerprint = fingerprint
        self.lane = lane
        self.line = line
        self.seq = seq
        self.content = content
        self.expiresAt = expiresAt
        self.enqueuedAt = enqueuedAt
        self.status = status
        self.lastError = lastError
        self.relayedAt = relayedAt
        self.deliveredAt = deliveredAt
        self.readAt = readAt
        self.brokerMessageID = brokerMessageID
    }

    /// The inner form, unsigned.
    /// - Parameter revocationHead: the sender's when it leaves.
    public func message(
        mesh: MeshID, sender: ULID, senderName: DeviceName, revocationHead: RevocationHead = .empty
    ) -> SealedMessage {
        SealedMessage(
            mesh: mesh, sender: sender, senderName: senderName, recipient: lane.destination.recipient,
            clientMessageID: clientMessageID, line: line, seq: seq, priority: lane.priority, expiresAt: expiresAt,
            createdAt: enqueuedAt, replyTo: content.replyTo, mentions: content.mentions,
            contentType: content.contentType, meta: content.meta, body: content.body,
            revocationHead: revocationHead)
    }

    /// The frame header it travels under.
    /// - Parameter epoch: of the key it is sealed with, where it is a post.
    public func send(in epoch: Epoch?) -> Send {
        Send(
            clientMessageID: clientMessageID, requestFingerprint: fingerprint, line: line, seq: seq,
            destination: lane.destination, priority: lane.priority, epoch: epoch, expiresAt: expiresAt)
    }
}
