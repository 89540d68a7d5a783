import KinEncoding
import KinWire

/// One device of the family, as `GET /v1/devices` and `GET /v1/peers` show it.
public struct DeviceInfo: Hashable, Sendable {
    /// Whether a member is there, by the broker's word.
    public enum State: String, CaseIterable, Hashable, Sendable {
        case online, offline
        /// The broker is away, so nobody can say.
        case unknown
        /// It is registered at a relay, but no member at the broker: nothing reaches it.
        case notMember = "not_member"
    }

    /// Unique here: equal names have a suffix.
    public var name: String
    public var machineID: String
    /// What it calls itself, where `name` is this device's alias for it.
    public var ownName: String?
    /// nil: the device's record carries no certificate.
    public var member: String?
    public var role: String?
    public var state: State
    /// Whether it is known to be there.
    public var online: Bool { state == .online }
    /// Where it is registered: server addresses; empty while it is offline.
    public var servers: [String]
    /// Milliseconds.
    public var lastSeen: Int64?
    public var version: String?
    public var thisDevice: Bool
    /// What it says of itself.
    public var status: Profile.Status?
    public var summary: String?

    public init(
        name: String, machineID: String, member: String?, role: String?, online: Bool, servers: [String],
        lastSeen: Int64?, version: String?, thisDevice: Bool
    ) {
        self.name = name
        self.machineID = machineID
        self.member = member
        self.role = role
        state = online ? .online : .offline
        self.servers = servers
        self.lastSeen = lastSeen
        self.version = version
        self.thisDevice = thisDevice
    }

    init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "device")
        name = try fields.text("name")
        ownName = try fields.givenText("own_name")
        machineID = try fields.text("machine_id")
        member = try fields.givenText("member")
        role = try fields.givenText("role")
        _ = try fields.bool("online")
        state = try fields.parsed("state", as: "a device's state") { State(rawValue: $0) }
        servers = try fields.list("servers", atMost: 64, as: "a server's address") { $0 }
        lastSeen = try fields.givenTime("last_seen")
        version = try fields.givenText("version")
        thisDevice = try fields.bool("this_device")
        status = try fields.given("status") { fields, name throws(WireError) in
            try fields.parsed(name, as: "idle, working or dnd") { Profile.Status(rawValue: $0) }
        }
        summary = try fields.givenText("summary")
        try fields.end()
    }

    public var json: JSON {
        .object([
            "name": .string(name), "own_name": .orNull(ownName) { .string($0) }, "machine_id": .string(machineID),
            "member": .orNull(member) { .string($0) },
            "role": .orNull(role) { .string($0) }, "online": .bool(online),
            "state": .string(state.rawValue), "servers": .strings(servers),
            "last_seen": .orNull(lastSeen) { .integer($0) }, "version": .orNull(version) { .string($0) },
            "this_device": .bool(thisDevice), "status": .orNull(status) { .string($0.rawValue) },
            "summary": .orNull(summary) { .string($0) },
        ])
    }
}

/// The answer of `GET /v1/devices` (registry records and the cache) and `GET /v1/peers` (members of the mesh).
public struct DeviceList: Hashable, Sendable {
    public var devices: [DeviceInfo]
    /// Seen here for the first time with this answer.
    public var newNames: [String]
    /// Servers that did not answer, each with the reason.
    public var unreachable: [String]

    public init(devices: [DeviceInfo], newNames: [String] = [], unreachable: [String] = []) {
        self.devices = devices
        self.newNames = newNames
        self.unreachable = unreachable
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            DeviceList(
                devices: try APIBody.array(fields.array("devices", atMost: 4096)) { item throws(WireError) in
                    try DeviceInfo(json: item)
                },
                newNames: try fields.list("new", atMost: 4096, as: "a name") { $0 },
                unreachable: try fields.list("unreachable", atMost: 64, as: "a reason") { $0 })
        }
    }

    public var json: JSON {
        .object([
            "devices": .array(devices.map(\.json)), "new": .strings(newNames), "unreachable": .strings(unreachable),
        ])
    }
}

extension DeviceInfo {
    static let schema = Schema.object(
        "DeviceInfo",
        [
            .required("name", .text, "What it is called here."),
            .optional("own_name", Schema.text.orNull, "What it calls itself, where it has an alias here."),
            .required("machine_id", .text), .optional("member", Schema.text.orNull),
            .optional("role", Schema.text.orNull), .required("online", .bool, "Whether it is known to be there."),
            .required(
                "state", .one(of: DeviceInfo.State.self),
                "unknown: the broker is away; not_member: registered at a relay, but no member at the broker."),
            .required("servers", .list(.text, atMost: 64, isDistinct: true)),
            .optional("last_seen", Schema.time.orNull), .optional("version", Schema.text.orNull),
            .required("this_device", .bool),
            .optional("status", Schema.one(of: Profile.Status.self).orNull, "By its own word."),
            .optional("summary", Schema.text.orNull, "What it is doing, in its own words."),
        ])
}

extension DeviceList {
    public static let schema = Schema.object(
        "DeviceList",
        [
            .required("devices", .list(DeviceInfo.schema, atMost: 4096)),
            .required(
                "new", .list(.text, atMost: 4096, isDistinct: true), "Seen for the first time with this answer."),
            .required(
                "unreachable", .list(.text, atMost: 64, isDistinct: true), "Servers that did not answer, and why."),
        ])
}
