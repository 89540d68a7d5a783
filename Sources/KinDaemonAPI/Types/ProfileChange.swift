import KinEncoding
import KinWire

/// `POST /v1/profile`: what is to be different of what this device says of itself.
public struct ProfileChange: Hashable, Sendable {
    /// What it is doing; empty: nothing is said.
    public var summary: String?
    public var status: Profile.Status?
    /// Whether others are to be told that it is there.
    public var visible: Bool?

    public init(summary: String? = nil, status: Profile.Status? = nil, visible: Bool? = nil) {
        self.summary = summary
        self.status = status
        self.visible = visible
    }

    /// - Throws: `invalid_request`, naming the field.
    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            ProfileChange(
                summary: try fields.given("summary") { fields, name throws(WireError) in
                    try fields.string(name, maxBytes: Profile.maxSummary)
                },
                status: try fields.given("status") { fields, name throws(WireError) in
                    try fields.parsed(name, as: "idle, working or dnd") { Profile.Status(rawValue: $0) }
                },
                visible: try fields.given("visible") { fields, name throws(WireError) in try fields.bool(name) })
        }
    }

    public var json: JSON {
        .object(
            [String: JSON]().adding("summary", summary) { .string($0) }.adding("status", status) {
                .string($0.rawValue)
            }
            .adding("visible", visible) { .bool($0) })
    }
}
