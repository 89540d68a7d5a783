import KinEncoding

/// The body of a receipt: which messages reached the inbox, were read, or were refused there.
public struct Receipt: Hashable, Sendable {
    public static let contentType = "application/vnd.kindred.receipt+json"
    public static let maxIDs = 256

    public enum Kind: String, Hashable, Sendable {
        case delivered, read
        /// They came, and will never be in the inbox.
        case refused
    }

    public var kind: Kind
    /// 1 to 256.
    public var ids: [ClientMessageID]
    /// Milliseconds.
    public var at: Int64
    /// Of `refused`, and only there: why, 1 to 64 of a-z 0-9 _.
    public var reason: String?

    public init(kind: Kind, ids: [ClientMessageID], at: Int64, reason: String? = nil) {
        self.kind = kind
        self.ids = ids
        self.at = at
        self.reason = reason
    }

    public init(canonical bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseCanonical(bytes), in: "receipt")
        kind = try fields.parsed("kind", as: "delivered, read or refused") { Kind(rawValue: $0) }
        ids = try fields.list("ids", atMost: Self.maxIDs, as: "a client_message_id") { ClientMessageID($0) }
        guard !ids.isEmpty else { throw fields.refusal("ids", "must name a message") }
        at = try fields.time("at")
        if kind == .refused {
            reason = try fields.parsed("reason", as: "1 to 64 of a-z 0-9 _") { isFeatureName($0) ? $0 : nil }
        }
        try fields.end()
    }

    public func canonicalBytes() -> [UInt8] {
        let members: [String: JSON] = [
            "kind": .string(kind.rawValue), "ids": .array(ids.map { .text($0) }), "at": .integer(at),
        ]
        return JSON.object(members.adding("reason", reason) { .string($0) }).canonicalBytes()
    }
}
