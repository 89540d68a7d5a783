import KinEncoding
import KinWire

/// The answer of `POST /v1/heartbeat`, by which an agent says that it is alive.
public struct Heartbeat: Hashable, Sendable {
    /// Milliseconds: the daemon's clock.
    public var time: Int64
    /// Whether the daemon has a session with its broker.
    public var isConnected: Bool

    public init(time: Int64, isConnected: Bool) {
        self.time = time
        self.isConnected = isConnected
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            Heartbeat(time: try fields.time("time"), isConnected: try fields.bool("connected"))
        }
    }

    public var json: JSON { .object(["time": .integer(time), "connected": .bool(isConnected)]) }

    public static let schema = Schema.object(
        "Heartbeat",
        [
            .required("time", .time, "The daemon's clock, milliseconds since 1970."),
            .required("connected", .bool, "Whether the daemon has a session with its broker."),
        ])
}

/// The body of a request that says nothing: absent, or an object without members.
public struct EmptyRequest: Hashable, Sendable {
    public init() {}

    public init(json bytes: [UInt8]) throws {
        if !bytes.isEmpty { self = try APIBody.read(bytes) { _ throws(WireError) in EmptyRequest() } }
    }

    public static let schema = Schema.object("Nothing", [])
}
