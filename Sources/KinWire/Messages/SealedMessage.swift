import KinEncoding

/// The inner form of a message (`kindred/message/v1`): what the broker carries and cannot read.
public struct SealedMessage: SingleSignatureStatement {
    public static let domain = "kindred/message/v1"
    public static let plainText = "text/plain"
    public static let maxMentions = 32
    public static let maxMetaDepth = 8

    public var mesh: MeshID
    public var sender: ULID
    /// As the sender calls itself: shown, never trusted for routing.
    public var senderName: DeviceName
    /// A DM: the recipient's ULID; a topic: `#` and its name.
    public var recipient: String
    public var clientMessageID: ClientMessageID
    /// 8 bytes.
    public var line: [UInt8]
    public var seq: Int64
    public var priority: Priority
    /// Milliseconds.
    public var expiresAt: Int64?
    /// Milliseconds: when the sender's outbox accepted it.
    public var createdAt: Int64
    public var replyTo: ClientMessageID?
    public var mentions: [DeviceName]?
    public var contentType: String
    /// An object of the application's own.
    public var meta: JSON?
    /// Text; base64 where the content type says so.
    public var body: String
    public var revocationHead: RevocationHead
    public var signature: [UInt8]

    public init(
        mesh: MeshID, sender: ULID, senderName: DeviceName, recipient: String, clientMessageID: ClientMessageID,
        line: [UInt8], seq: Int64, priority: Priority, expiresAt: Int64? = nil, createdAt: Int64,
        replyTo: ClientMessageID? = nil, mentions: [DeviceName]? = nil, contentType: String = plainText,
        meta: JSON? = nil, body: String, revocationHead: RevocationHead = .empty, signature: [UInt8] = []
    ) {
        self.mesh = mesh
        self.sender = sender
        self.senderName = senderName
        self.recipient = recipient
        self.clientMessageID = clientMessageID
        self.line = line
        self.seq = seq
        self.priority = priority
        self.expiresAt = expiresAt
        self.createdAt = createdAt
        self.replyTo = replyTo
        self.mentions = mentions
        self.contentType = contentType
        self.meta = meta
        self.body = body
        self.revocationHead = revocationHead
        self.signature = signature
    }

    /// What daemons say to each other on their own account: it enters no inbox.
    public var isDaemonsOwn: Bool { Self.daemonsOwn.contains(contentType) }

    private static let daemonsOwn: Set = [
        Receipt.contentType, RevocationsGet.contentType, Revocations.contentType, SuccessionBundle.contentType,
        TopicKeys.contentType, TopicKeysGet.contentType, Profile.contentType,
    ]

    public init(canonical bytes: [UInt8]) throws(WireError) { try self.init(json: parseCanonical(bytes)) }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "message")
        try fields.version()
        mesh = try fields.mesh()
        sender = try fields.ulid("sender")
        senderName = try fields.parsed("sender_name", as: "a device name") { DeviceName($0) }
        recipient = try fields.parsed("recipient", as: "a ULID, or # and a topic's name") { Self.recipient($0) }
        clientMessageID = try fields.clientMessageID()
        line = try fields.hex("line", bytes: 8)
        seq = try fields.integer("seq", from: 1)
        priority = try fields.priority()
        expiresAt = try fields.nullable("expires_at") { fields, name throws(WireError) in try fields.time(name) }
        createdAt = try fields.time("created_at")
        replyTo = try fields.nullable("reply_to") { fields, name throws(WireError) in
            try fields.clientMessageID(name)
        }
        mentions = try fields.nullable("mentions") { fields, name throws(WireError) in
            try fields.list(name, atMost: Self.maxMentions, as: "a device name") { DeviceName($0) }
        }
        contentType = try fields.parsed("content_type", as: "1 to 128 printable characters") {
            !$0.isEmpty && isPrintableASCII($0) ? $0 : nil
        }
        meta = try fields.nullable("meta") { fields, name throws(WireError) in try fields.meta(name) }
        body = try fields.string("body", maxBytes: .max)
        revocationHead = try fields.revocationHead()
        signature = try fields.hex("sig", bytes: 64)
        try fields.end()
    }

    private static func recipient(_ text: String) -> String? {
        let isTopic = text.hasPrefix("#") && TopicName(String(text.dropFirst())) != nil
        return isTopic || ULID(text) != nil ? text : nil
    }

    public var unsignedMembers: [String: JSON] {
        [
            "v": .integer(1), "mesh": .text(mesh), "sender": .text(sender), "sender_name": .text(senderName),
            "recipient": .string(recipient), "client_message_id": .text(clientMessageID), "line": .hex(line),
            "seq": .integer(seq), "priority": .text(priority), "expires_at": .orNull(expiresAt) { .integer($0) },
            "created_at": .integer(createdAt), "reply_to": .orNull(replyTo) { .text($0) },
            "mentions": .orNull(mentions) { .array($0.map { .text($0) }) }, "content_type": .string(contentType),
            "meta": meta ?? .null, "body": .string(body), "revocation_head": revocationHead.json,
        ]
    }
}

extension Fields {
    package mutating func meta(_ name: String) throws(WireError) -> JSON {
        let value = try take(name)
        guard case .object = value, value.depth <= SealedMessage.maxMetaDepth, value.isInteroperable else {
            throw refusal(
                name, "must be an object of at most \(SealedMessage.maxMetaDepth) levels, its integers within 2^53 - 1")
        }
        return value
    }
}

extension JSON {
    /// Whether every integer survives the canonical form (RFC 8785, RFC 7493 section 2.2).
    var isInteroperable: Bool {
        switch self {
        case .integer(let value): (-Fields.maxInteger...Fields.maxInteger).contains(value)
        case .array(let items): items.allSatisfy(\.isInteroperable)
        case .object(let members): members.values.allSatisfy(\.isInteroperable)
        default: true
        }
    }

    /// Levels of nesting: a scalar 0, an empty object or array 1.
    public var depth: Int {
        switch self {
        case .array(let items): 1 + (items.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.values.map(\.depth).max() ?? 0)
        default: 0
        }
    }
}
