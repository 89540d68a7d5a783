import KinEncoding
import KinWire

/// One member of the mesh with what it was certified for, as `GET /v1/members` shows it.
public struct MemberInfo: Hashable, Sendable {
    public var name: String
    /// Whatever it is called here; nil where that is not known.
    public var callsItself: String?
    public var member: String
    public var machineID: String
    public var role: String
    /// Empty: the role's defaults.
    public var scopes: [String]
    /// `wallet`, or the member that issued the certificate.
    public var issuer: String
    /// Milliseconds.
    public var issuedAt: Int64
    /// Milliseconds; nil: never.
    public var expiresAt: Int64?
    public var state: DeviceInfo.State
    /// Whether it is known to be there.
    public var online: Bool { state == .online }
    public var thisDevice: Bool

    public init(
        name: String, member: String, machineID: String, role: String, scopes: [String], issuer: String,
        issuedAt: Int64, expiresAt: Int64?, state: DeviceInfo.State, thisDevice: Bool, callsItself: String?
    ) {
        self.name = name
        self.member = member
        self.machineID = machineID
        self.role = role
        self.scopes = scopes
        self.issuer = issuer
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.state = state
        self.thisDevice = thisDevice
        self.callsItself = callsItself
    }

    init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "member")
        name = try fields.text("name")
        callsItself = try fields.givenText("calls_itself")
        member = try fields.text("member")
        machineID = try fields.text("machine_id")
        role = try fields.text("role")
        scopes = try fields.list("scopes", atMost: 32, as: "a scope") { $0 }
        issuer = try fields.text("issuer")
        issuedAt = try fields.time("issued_at")
        expiresAt = try fields.givenTime("expires_at")
        _ = try fields.bool("online")
        state = try fields.parsed("state", as: "a device's state") { DeviceInfo.State(rawValue: $0) }
        thisDevice = try fields.bool("this_device")
        try fields.end()
    }

    var json: JSON {
        .object([
            "name": .string(name), "calls_itself": .orNull(callsItself) { .string($0) }, "member": .string(member),
            "machine_id": .string(machineID),
            "role": .string(role), "scopes": .strings(scopes), "issuer": .string(issuer),
            "issued_at": .integer(issuedAt), "expires_at": .orNull(expiresAt) { .integer($0) },
            "online": .bool(online), "state": .string(state.rawValue), "this_device": .bool(thisDevice),
        ])
    }
}

/// The answer of `GET /v1/members`: who belongs to the mesh, who was revoked, and what is wrong with the revocation log.
public struct MemberList: Hashable, Sendable {
    /// A member that is one no more.
    public struct Revoked: Hashable, Sendable {
        /// As it was called; nil where that is not known any more.
        public var name: String?
        public var member: String
        /// `wallet`, or the member that revoked it.
        public var author: String
        public var reason: String
        /// Milliseconds.
        public var at: Int64

        public init(member: String, author: String, reason: String, at: Int64) {
            self.member = member
            self.author = author
            self.reason = reason
            self.at = at
        }

        init(json: JSON) throws(WireError) {
            var fields = try Fields(json, in: "revoked")
            name = try fields.givenText("name")
            member = try fields.text("member")
            author = try fields.text("author")
            reason = try fields.text("reason")
            at = try fields.time("at")
            try fields.end()
        }

        var json: JSON {
            .object([
                "name": .orNull(name) { .string($0) }, "member": .string(member), "author": .string(author),
                "reason": .string(reason), "at": .integer(at),
            ])
        }
    }

    public var members: [MemberInfo]
    public var revoked: [Revoked]
    /// Entries of the log that contradict each other, or that somebody withholds; one line each.
    public var alerts: [String]

    public init(members: [MemberInfo], revoked: [Revoked], alerts: [String]) {
        self.members = members
        self.revoked = revoked
        self.alerts = alerts
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            MemberList(
                members: try APIBody.array(fields.array("members", atMost: 4096)) { item throws(WireError) in
                    try MemberInfo(json: item)
                },
                revoked: try APIBody.array(fields.array("revoked", atMost: 1 << 16)) { item throws(WireError) in
                    try Revoked(json: item)
                },
                alerts: try fields.list("alerts", atMost: 1 << 16, as: "a line") { $0 })
        }
    }

    public var json: JSON {
        .object([
            "members": .array(members.map(\.json)), "revoked": .array(revoked.map(\.json)),
            "alerts": .strings(alerts),
        ])
    }
}

extension MemberList {
    public static let schema = Schema.object(
        "MemberList",
        [
            .required(
                "members",
                .list(
                    .object(
                        "MemberInfo",
                        [
                            .required("name", .text, "What it is called here."),
                            .optional("calls_itself", Schema.text.orNull, "Null where that is not known."),
                            .required("member", .text), .required("machine_id", .text),
                            .required("role", .text), .required("scopes", .list(.text, atMost: 32, isDistinct: true)),
                            .required("issuer", .text, "wallet, or the member that issued the certificate."),
                            .required("issued_at", .time), .optional("expires_at", Schema.time.orNull),
                            .required("online", .bool, "Whether it is known to be there."),
                            .required("state", .one(of: DeviceInfo.State.self), "unknown: the broker is away."),
                            .required("this_device", .bool),
                        ]), atMost: 4096)),
            .required(
                "revoked",
                .list(
                    .object(
                        "RevokedMember",
                        [
                            .optional("name", Schema.text.orNull, "As it was called, where that is known."),
                            .required("member", .text), .required("author", .text), .required("reason", .text),
                            .required("at", .time),
                        ]), atMost: 1 << 16)),
            .required(
                "alerts", .list(.text, atMost: 1 << 16, isDistinct: true), "What honest devices never show."),
        ])
}
