import KinEncoding
import KinWire

/// The answer of `GET /v1/mesh/settings`: what holds for the whole mesh.
public struct MeshSettingsInfo: Hashable, Sendable {
    /// Who decided it, and when.
    public struct Setter: Hashable, Sendable {
        public var seq: Int64
        public var member: String
        public var name: String
        /// Milliseconds.
        public var at: Int64

        public init(seq: Int64, member: String, name: String, at: Int64) {
            self.seq = seq
            self.member = member
            self.name = name
            self.at = at
        }

        init(json: JSON) throws(WireError) {
            var fields = try Fields(json, in: "set")
            seq = try fields.integer("seq", from: 1)
            member = try fields.text("member")
            name = try fields.text("name")
            at = try fields.time("at")
            try fields.end()
        }

        var json: JSON {
            .object([
                "seq": .integer(seq), "member": .string(member), "name": .string(name), "at": .integer(at),
            ])
        }
    }

    /// What the mesh's broker makes of it.
    public enum Server: String, CaseIterable, Hashable, Sendable {
        /// It said the same on this connection.
        case agrees
        case differs
        case notConnected = "not_connected"
    }

    public var concurrentPolicy: ConcurrentPolicy
    /// nil: no owner decided it, and the server's default holds.
    public var set: Setter?
    public var server: Server

    public init(concurrentPolicy: ConcurrentPolicy, set: Setter?, server: Server) {
        self.concurrentPolicy = concurrentPolicy
        self.set = set
        self.server = server
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            MeshSettingsInfo(
                concurrentPolicy: try fields.concurrentPolicy(),
                set: try fields.nullable("set") { fields, name throws(WireError) in
                    try Setter(json: fields.take(name))
                },
                server: try fields.parsed("server", as: "agrees, differs or not_connected") { Server(rawValue: $0) })
        }
    }

    public var json: JSON {
        .object([
            "concurrent_policy": .text(concurrentPolicy), "set": .orNull(set) { $0.json },
            "server": .string(server.rawValue),
        ])
    }
}

/// The body of `POST /v1/mesh/settings`.
public struct MeshSettingsRequest: Hashable, Sendable {
    public var concurrentPolicy: ConcurrentPolicy

    public init(concurrentPolicy: ConcurrentPolicy) { self.concurrentPolicy = concurrentPolicy }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            MeshSettingsRequest(concurrentPolicy: try fields.concurrentPolicy())
        }
    }

    public var json: JSON { .object(["concurrent_policy": .text(concurrentPolicy)]) }
}

extension MeshSettingsInfo {
    public static let schema = Schema.object(
        "MeshSettings",
        [
            .required("concurrent_policy", .one(of: ConcurrentPolicy.self)),
            .required(
                "set",
                Schema.object(
                    "SettingsSetter",
                    [
                        .required("seq", .integer(from: 1)), .required("member", .text), .required("name", .text),
                        .required("at", .time),
                    ]
                ).orNull, "The owner device that decided it; null: the server's default."),
            .required("server", .one(of: Server.self)),
        ])
}

extension MeshSettingsRequest {
    public static let schema = Schema.object(
        "MeshSettingsRequest", [.required("concurrent_policy", .one(of: ConcurrentPolicy.self))])
}
