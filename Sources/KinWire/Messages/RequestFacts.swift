import KinEncoding

/// What makes two sends the same request: the fingerprint is an HMAC over these bytes under a key that never leaves the daemon.
public struct RequestFacts: Hashable, Sendable {
    public var clientMessageID: ClientMessageID
    public var destination: Destination
    public var replyTo: ClientMessageID?
    public var priority: Priority
    public var mentions: [DeviceName]?
    /// Milliseconds, as the caller gave it.
    public var expiresIn: Int64?
    public var meta: JSON?
    /// 32 bytes.
    public var bodySHA256: [UInt8]

    public init(
        clientMessageID: ClientMessageID, destination: Destination, replyTo: ClientMessageID?, priority: Priority,
        mentions: [DeviceName]?, expiresIn: Int64?, meta: JSON?, bodySHA256: [UInt8]
    ) {
        self.clientMessageID = clientMessageID
        self.destination = destination
        self.replyTo = replyTo
        self.priority = priority
        self.mentions = mentions
        self.expiresIn = expiresIn
        self.meta = meta
        self.bodySHA256 = bodySHA256
    }

    public func canonicalBytes() -> [UInt8] {
        let members: [String: JSON] = [
            "v": .integer(1), "client_message_id": .text(clientMessageID), "kind": .string(destination.kind),
            "ref": .string(destination.ref), "reply_to": .orNull(replyTo) { .text($0) }, "priority": .text(priority),
            "mentions": .orNull(mentions) { .array($0.map { .text($0) }) },
            "expires_in": .orNull(expiresIn) { .integer($0) }, "meta": meta ?? .null,
            "body_sha256": .hex(bodySHA256),
        ]
        return JSON.object(members).canonicalBytes()
    }
}
