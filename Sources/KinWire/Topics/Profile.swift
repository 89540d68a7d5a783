import KinEncoding

/// What a device says of itself to the others: in the topic `all`, and as a DM to whoever came later (docs/protocol/messages.md, "Profiles").
public struct Profile: Hashable, Sendable {
    public static let contentType = "application/vnd.kindred.profile+json"
    /// Bytes.
    public static let maxSummary = 512

    public enum Status: String, Hashable, Sendable, CaseIterable {
        case idle, working, dnd
    }

    public var name: DeviceName
    /// What it is doing, in its own words.
    public var summary: String?
    public var status: Status
    /// Whether others are to be told that it is there.
    public var visible: Bool
    /// Milliseconds. Of several the latest holds.
    public var at: Int64

    public init(name: DeviceName, summary: String? = nil, status: Status = .idle, visible: Bool = true, at: Int64) {
        self.name = name
        self.summary = summary
        self.status = status
        self.visible = visible
        self.at = at
    }

    public init(canonical bytes: [UInt8]) throws(WireError) { try self.init(json: parseCanonical(bytes)) }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "profile")
        name = try fields.parsed("name", as: "a device name") { DeviceName($0) }
        summary = try fields.nullable("summary") { fields, name throws(WireError) in
            try fields.string(name, maxBytes: Self.maxSummary)
        }
        status = try fields.parsed("status", as: "idle, working or dnd") { Status(rawValue: $0) }
        visible = try fields.bool("visible")
        at = try fields.time("at")
        try fields.end()
    }

    public var json: JSON {
        .object([
            "name": .text(name), "summary": .orNull(summary) { .string($0) }, "status": .string(status.rawValue),
            "visible": .bool(visible), "at": .integer(at),
        ])
    }

    public func canonicalBytes() -> [UInt8] { json.canonicalBytes() }
}
