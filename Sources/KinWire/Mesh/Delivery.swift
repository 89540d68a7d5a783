import KinEncoding

// The messages of the hot path. `MeshFrame+fixed` reads and writes their headers too; both are held to the same vectors.

public struct Send: Hashable, Sendable {
    public var clientMessageID: ClientMessageID
    /// 32 bytes.
    public var requestFingerprint: [UInt8]
    /// 8 bytes.
    public var line: [UInt8]
    /// From 1, per (line, destination, priority).
    public var seq: Int64
    public var destination: Destination
    public var priority: Priority
    /// With a topic only.
    public var epoch: Epoch?
    /// Milliseconds.
    public var expiresAt: Int64?

    public init(
        clientMessageID: ClientMessageID, requestFingerprint: [UInt8], line: [UInt8], seq: Int64,
        destination: Destination, priority: Priority, epoch: Epoch? = nil, expiresAt: Int64? = nil
    ) {
        self.clientMessageID = clientMessageID
        self.requestFingerprint = requestFingerprint
        self.line = line
        self.seq = seq
        self.destination = destination
        self.priority = priority
        self.epoch = epoch
        self.expiresAt = expiresAt
    }

    init(_ fields: inout Fields) throws(WireError) {
        clientMessageID = try fields.clientMessageID()
        requestFingerprint = try fields.hex("request_fingerprint", bytes: 32)
        line = try fields.hex("line", bytes: 8)
        seq = try fields.integer("seq", from: 1)
        destination = try Destination(json: fields.take("destination"))
        priority = try fields.priority()
        epoch = try fields.epoch(with: destination)
        expiresAt = try fields.optional("expires_at") { fields, name throws(WireError) in try fields.time(name) }
    }

    var members: [String: JSON] {
        [
            "client_message_id": .text(clientMessageID), "request_fingerprint": .hex(requestFingerprint),
            "line": .hex(line), "seq": .integer(seq), "destination": destination.json, "priority": .text(priority),
        ].adding("epoch", epoch) { $0.json }.adding("expires_at", expiresAt) { .integer($0) }
    }
}

public struct Ack: Hashable, Sendable {
    public var clientMessageID: ClientMessageID
    public var brokerMessageID: Int64
    public var historyID: Int64
    public var duplicate: Bool
    /// Milliseconds; of a duplicate.
    public var firstSeenAt: Int64?

    public init(
        clientMessageID: ClientMessageID, brokerMessageID: Int64, duplicate: Bool, firstSeenAt: Int64? = nil
    ) {
        self.clientMessageID = clientMessageID
        self.brokerMessageID = brokerMessageID
        self.historyID = brokerMessageID
        self.duplicate = duplicate
        self.firstSeenAt = firstSeenAt
    }

    init(_ fields: inout Fields) throws(WireError) {
        clientMessageID = try fields.clientMessageID()
        brokerMessageID = try fields.integer("broker_message_id")
        historyID = try fields.integer("history_id")
        guard historyID == brokerMessageID else { throw fields.refusal("history_id", "must equal broker_message_id") }
        duplicate = try fields.bool("duplicate")
        firstSeenAt = try fields.optional("first_seen_at") { fields, name throws(WireError) in
            try fields.time(name)
        }
    }

    var members: [String: JSON] {
        [
            "client_message_id": .text(clientMessageID), "broker_message_id": .integer(brokerMessageID),
            "history_id": .integer(historyID), "duplicate": .bool(duplicate),
        ].adding("first_seen_at", firstSeenAt) { .integer($0) }
    }
}

/// A send was refused. `retryable` says whether the same send can succeed later.
public struct Nack: Hashable, Sendable {
    public var clientMessageID: ClientMessageID
    public var code: String
    public var retryable: Bool
    /// Milliseconds.
    public var retryAfter: Int64?
    /// First 8 bytes of the fingerprint known for this id.
    public var storedFingerprint: [UInt8]?

    public init(
        clientMessageID: ClientMessageID, code: String, retryable: Bool, retryAfter: Int64? = nil,
        storedFingerprint: [UInt8]? = nil
    ) {
        self.clientMessageID = clientMessageID
        self.code = code
        self.retryable = retryable
        self.retryAfter = retryAfter
        self.storedFingerprint = storedFingerprint
    }

    init(_ fields: inout Fields) throws(WireError) {
        clientMessageID = try fields.clientMessageID()
        code = try fields.parsed("code", as: "1 to 64 of a-z 0-9 _") { isFeatureName($0) ? $0 : nil }
        retryable = try fields.bool("retryable")
        retryAfter = try fields.optional("retry_after_ms") { fields, name throws(WireError) in
            try fields.integer(name)
        }
        storedFingerprint = try fields.optional("stored_fingerprint") { fields, name throws(WireError) in
            try fields.hex(name, bytes: 8)
        }
    }

    var members: [String: JSON] {
        [
            "client_message_id": .text(clientMessageID), "code": .string(code), "retryable": .bool(retryable),
        ].adding("retry_after_ms", retryAfter) { .integer($0) }.adding("stored_fingerprint", storedFingerprint) {
            .hex($0)
        }
    }
}

public struct Push: Hashable, Sendable {
    public var brokerMessageID: Int64
    public var clientMessageID: ClientMessageID
    public var sender: ULID
    /// 8 bytes.
    public var line: [UInt8]
    public var seq: Int64
    public var destination: Destination
    public var priority: Priority
    /// Milliseconds: when the broker took it.
    public var sentAt: Int64
    public var epoch: Epoch?

    public init(
        brokerMessageID: Int64, clientMessageID: ClientMessageID, sender: ULID, line: [UInt8], seq: Int64,
        destination: Destination, priority: Priority, sentAt: Int64, epoch: Epoch? = nil
    ) {
        self.brokerMessageID = brokerMessageID
        self.clientMessageID = clientMessageID
        self.sender = sender
        self.line = line
        self.seq = seq
        self.destination = destination
        self.priority = priority
        self.sentAt = sentAt
        self.epoch = epoch
    }

    init(_ fields: inout Fields) throws(WireError) {
        brokerMessageID = try fields.integer("broker_message_id")
        clientMessageID = try fields.clientMessageID()
        sender = try fields.ulid("sender")
        line = try fields.hex("line", bytes: 8)
        seq = try fields.integer("seq", from: 1)
        destination = try Destination(json: fields.take("destination"))
        priority = try fields.priority()
        sentAt = try fields.time("sent_at")
        epoch = try fields.epoch(with: destination)
    }

    var members: [String: JSON] {
        [
            "broker_message_id": .integer(brokerMessageID), "client_message_id": .text(clientMessageID),
            "sender": .text(sender), "line": .hex(line), "seq": .integer(seq), "destination": destination.json,
            "priority": .text(priority), "sent_at": .integer(sentAt),
        ].adding("epoch", epoch) { $0.json }
    }
}

/// What became of pushes; each finishes its delivery.
public struct ClientAck: Hashable, Sendable {
    public static let maxResults = 256

    public enum Result: String, Hashable, Sendable, CaseIterable {
        case stored, duplicate, stale, refused
    }

    public struct Entry: Hashable, Sendable {
        public var brokerMessageID: Int64
        public var result: Result

        public init(brokerMessageID: Int64, result: Result) {
            self.brokerMessageID = brokerMessageID
            self.result = result
        }
    }

    /// 1 to 256.
    public var results: [Entry]

    public init(results: [Entry]) { self.results = results }

    init(_ fields: inout Fields) throws(WireError) {
        var results: [Entry] = []
        for item in try fields.array("results", atMost: Self.maxResults, atLeast: 1) {
            guard case .array(let pair) = item, pair.count == 2, case .integer(let id) = pair[0],
                (0...Fields.maxInteger).contains(id), case .string(let text) = pair[1],
                let result = Result(rawValue: text)
            else { throw fields.refusal("results", "must hold [id, stored|duplicate|stale|refused] pairs") }
            results.append(Entry(brokerMessageID: id, result: result))
        }
        self.results = results
    }

    var members: [String: JSON] {
        ["results": .array(results.map { .array([.integer($0.brokerMessageID), .string($0.result.rawValue)]) })]
    }
}

extension Fields {
    mutating func epoch(with destination: Destination) throws(WireError) -> Epoch? {
        let epoch = try optional("epoch") { fields, name throws(WireError) in try Epoch(json: fields.take(name)) }
        if case .dm = destination, epoch != nil { throw refusal("epoch", "belongs to topics alone") }
        return epoch
    }
}
