import KinEncoding
import KinWire

/// `GET /v1/version`: which daemon answers, for which device of which mesh.
public struct DaemonVersion: Hashable, Sendable {
    public static let api = "v1"
    /// Of what the daemon keeps on disk.
    public static let schemaVersion: Int64 = 1

    public var daemonVersion: String
    public var mesh: MeshID
    public var member: ULID
    public var machineID: MachineID
    public var name: DeviceName
    /// The broker's features as negotiated; nil before the first session.
    public var brokerFeatures: JSON?
    /// What the local API can do, a word each; empty of a daemon of before this version.
    public var features: [String] = []
    /// Where on 127.0.0.1 the local API answers besides its socket; nil: nowhere.
    public var tcpPort: Int?

    public init(
        daemonVersion: String, mesh: MeshID, member: ULID, machineID: MachineID, name: DeviceName, brokerFeatures: JSON?
    ) {
        self.daemonVersion = daemonVersion
        self.mesh = mesh
        self.member = member
        self.machineID = machineID
        self.name = name
        self.brokerFeatures = brokerFeatures
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes, passingOverOthers: true) { fields throws(WireError) in
            var version = DaemonVersion(
                daemonVersion: try fields.text("daemon_version"), mesh: try fields.mesh(),
                member: try fields.ulid("member"), machineID: try fields.machineID(),
                name: try fields.parsed("name", as: "a device name") { DeviceName($0) },
                brokerFeatures: try fields.given("broker_features_negotiated") { fields, name throws(WireError) in
                    try fields.take(name)
                })
            if fields.has("ipc_features") {
                version.features = try fields.list("ipc_features", atMost: 64, as: "a word") { $0 }
            }
            version.tcpPort = try fields.given("tcp_port") { fields, name throws(WireError) in
                Int(try fields.integer(name, from: 1, to: 65_535))
            }
            return version
        }
    }

    public var json: JSON {
        .object([
            "daemon_version": .string(daemonVersion), "ipc_api": .string(Self.api),
            "ipc_features": .strings(features), "schema_version": .integer(Self.schemaVersion), "mesh": .text(mesh),
            "member": .text(member), "machine_id": .text(machineID), "name": .text(name),
            "broker_features_negotiated": brokerFeatures ?? .null,
            "tcp_port": .orNull(tcpPort) { .integer(Int64($0)) },
        ])
    }
}

extension DaemonVersion {
    public static let schema = Schema.open(
        "Version",
        [
            .required("daemon_version", .text), .required("ipc_api", .one(of: [api])),
            .required(
                "ipc_features", .list(.text(longest: 64), atMost: 64, isDistinct: true),
                "What this API can do, a word each."),
            .required("schema_version", .count, "Of what the daemon keeps on disk."), .required("mesh", .mesh),
            .required("member", .ulid), .required("machine_id", .machineID), .required("name", .deviceName),
            .optional(
                "broker_features_negotiated", Schema.table(of: .anything).orNull, "Null before the first session."),
            .optional(
                "tcp_port", Schema.integer(from: 1, to: 65_535).orNull,
                "Where on 127.0.0.1 this API answers besides its socket; null: nowhere."),
        ])
}
