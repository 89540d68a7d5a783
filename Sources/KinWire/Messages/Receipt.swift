import KinEncoding

/// The body of a receipt: which messages reached the inbox, or were read.
public struct Receipt: Hashable, Sendable {
    public static let contentType = "application/vnd.kindred.receipt+json"
    public static let maxIDs = 256

    public enum Kind: String, Hashable, Sendable {
        case delivered, read
    }

    public var kind: Kind
    /// 1 to 256.
    public var ids: [ClientMessageID]
    /// Milliseconds.
    public var at: Int64

    public init(kind: Kind, ids: [ClientMessageID], at: Int64) {
        self.kind = kind
        self.ids = ids
        self.at = at
    }

    public init(canonical bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseCanonical(bytes), in: "receipt")
        kind = try fields.parsed("kind", as: "delivered or read") { Kind(rawValue: $0) }
        ids = try fields.list("ids", atMost: Self.maxIDs, as: "a client_message_id") { ClientMessageID($0) }
        guard !ids.isEmpty else { throw fields.refusal("ids", "must name a message") }
        at = try fields.time("at")
        try fields.end()
    }

    public func canonicalBytes() -> [UInt8] {
        let members: [String: JSON] = [
            "kind": .string(kind.rawValue), "ids": .array(ids.map { .text($0) }), "at": .integer(at),
        ]
        return JSON.object(members).canonicalBytes()
    }
}
