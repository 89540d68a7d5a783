import KinEncoding
import KinWire

/// `GET /v1/compat`: which versions of the other parts this daemon works with, each a range as `>=0.1.0 <0.2.0`.
public struct DaemonCompatibility: Hashable, Sendable {
    /// Of the clients generated from `GET /openapi.json`.
    public struct SDKs: Hashable, Sendable {
        public var python, go, ts: String

        public init(python: String, go: String, ts: String) {
            self.python = python
            self.go = go
            self.ts = ts
        }

        init(json: JSON) throws(WireError) {
            var fields = try Fields(json, in: "compatible_sdks")
            self.init(python: try fields.text("python"), go: try fields.text("go"), ts: try fields.text("ts"))
            try fields.end()
        }

        var json: JSON { .object(["python": .string(python), "go": .string(go), "ts": .string(ts)]) }
    }

    public var daemon: String
    public var brokers: String
    /// Features without which a broker is refused.
    public var requiredBrokerFeatures: [String]
    public var clis: String
    public var sdks: SDKs

    public init(daemon: String, brokers: String, requiredBrokerFeatures: [String], clis: String, sdks: SDKs) {
        self.daemon = daemon
        self.brokers = brokers
        self.requiredBrokerFeatures = requiredBrokerFeatures
        self.clis = clis
        self.sdks = sdks
    }

    /// What a daemon of this version works with: while the first number is 0, the second is the one that breaks things (semver.org, 4).
    public static func own(requiring features: [String]) -> DaemonCompatibility {
        let parts = KinVersion.current.split(separator: ".").compactMap { Int($0) }
        let (major, minor) = (parts.first ?? 0, parts.dropFirst().first ?? 0)
        let next = major == 0 ? "0.\(minor + 1).0" : "\(major + 1).0.0"
        let range = ">=\(major).\(minor).0 <\(next)"
        return DaemonCompatibility(
            daemon: KinVersion.current, brokers: range, requiredBrokerFeatures: features, clis: range,
            sdks: SDKs(python: range, go: range, ts: range))
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes, passingOverOthers: true) { fields throws(WireError) in
            DaemonCompatibility(
                daemon: try fields.text("daemon"), brokers: try fields.text("compatible_brokers"),
                requiredBrokerFeatures: try fields.list("required_broker_features", atMost: 64, as: "a word") { $0 },
                clis: try fields.text("compatible_clis"), sdks: try SDKs(json: fields.take("compatible_sdks")))
        }
    }

    public var json: JSON {
        .object([
            "daemon": .string(daemon), "compatible_brokers": .string(brokers),
            "required_broker_features": .strings(requiredBrokerFeatures), "compatible_clis": .string(clis),
            "compatible_sdks": sdks.json,
        ])
    }
}

extension DaemonCompatibility {
    public static let schema = Schema.open(
        "Compatibility",
        [
            .required("daemon", .text, "The daemon's version."),
            .required("compatible_brokers", .text, "A range, as >=0.1.0 <0.2.0."),
            .required(
                "required_broker_features", .list(.text(longest: 64), atMost: 64, isDistinct: true),
                "Without them a broker is refused."),
            .required("compatible_clis", .text),
            .required(
                "compatible_sdks",
                .object("CompatibleSDKs", [.required("python", .text), .required("go", .text), .required("ts", .text)])
            ),
        ])
}
