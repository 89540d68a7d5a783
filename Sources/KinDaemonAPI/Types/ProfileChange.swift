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

extension ProfileChange {
    public static let schema = Schema.object(
        "ProfileChange",
        [
            .optional(
                "summary", Schema.text(longest: Profile.maxSummary).orNull, "What it is doing; empty: nothing is said."),
            .optional("status", Schema.one(of: Profile.Status.self).orNull),
            .optional("visible", Schema.bool.orNull, "Whether others are told that it is there."),
        ])
}

/// What this device says of itself.
public struct ProfileShown: Hashable, Sendable {
    public var profile: Profile

    public init(_ profile: Profile) { self.profile = profile }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            var profile = Profile(
                name: try fields.parsed("name", as: "a device name") { DeviceName($0) }, at: try fields.time("at"))
            profile.summary = try fields.givenText("summary")
            profile.status = try fields.parsed("status", as: "idle, working or dnd") { Profile.Status(rawValue: $0) }
            profile.visible = try fields.bool("visible")
            return ProfileShown(profile)
        }
    }

    public var json: JSON { profile.json }

    public static let schema = Schema.object(
        "Profile",
        [
            .required("name", .deviceName), .optional("summary", Schema.text.orNull),
            .required("status", .one(of: Profile.Status.self)), .required("visible", .bool),
            .required("at", .time, "When it was said."),
        ])
}
