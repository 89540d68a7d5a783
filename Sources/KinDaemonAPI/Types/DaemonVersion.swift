import KinEncoding
import KinWire

/// `GET /v1/version`: which daemon answers, for which device of which mesh.
public struct DaemonVersion: Hashable, Sendable {
    public static let api = "v1"
    public static let features = ["send", "inbox", "message", "devices", "peers", "events"]
    public static let schema: Int64 = 1

    public var daemonVersion: String
    public var mesh: MeshID
    public var member: ULID
    public var machineID: MachineID
    public var name: DeviceName
    /// The broker's features as negotiated; nil before the first session.
    public var brokerFeatures: JSON?

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
            DaemonVersion(
                daemonVersion: try fields.text("daemon_version"), mesh: try fields.mesh(),
                member: try fields.ulid("member"), machineID: try fields.machineID(),
                name: try fields.parsed("name", as: "a device name") { DeviceName($0) },
                brokerFeatures: try fields.given("broker_features_negotiated") { fields, name throws(WireError) in
                    try fields.take(name)
                })
        }
    }

    public var json: JSON {
        .object([
            "daemon_version": .string(daemonVersion), "ipc_api": .string(Self.api),
            "ipc_features": .strings(Self.features), "schema_version": .integer(Self.schema), "mesh": .text(mesh),
            "member": .text(member), "machine_id": .text(machineID), "name": .text(name),
            "broker_features_negotiated": brokerFeatures ?? .null,
        ])
    }
}
