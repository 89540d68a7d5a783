import KinEncoding

/// What a device publishes about itself, before sealing (`kindred/record/v1`). Unknown fields are kept out of sight but under the signature.
public struct RegistryRecord: Hashable, Sendable {
    public static let domain = "kindred/record/v1"
    /// Bounds of a sealed record.
    public static let maxBlobBytes = 8192

    /// The part that a record of this product has beyond the shared ones; a record without it is uncertified.
    public struct Certified: Hashable, Sendable {
        public var machineID: MachineID
        /// Of `kin`.
        public var version: String
        public var chain: Chain
        public var revocationHead: RevocationHead
        /// `host:port` addresses on the local network.
        public var lan: [String]?
        public var capabilities: [String]
        /// 64 bytes; empty until signed.
        public var signature: [UInt8]

        public init(
            machineID: MachineID, version: String, chain: Chain, revocationHead: RevocationHead, lan: [String]?,
            capabilities: [String], signature: [UInt8] = []
        ) {
            self.machineID = machineID
            self.version = version
            self.chain = chain
            self.revocationHead = revocationHead
            self.lan = lan
            self.capabilities = capabilities
            self.signature = signature
        }
    }

    public var name: String
    /// The device's X25519 key, 32 bytes.
    public var hostPub: [UInt8]
    public var signalURL: String
    /// Seconds.
    public var ts: Int64
    public var certified: Certified?
    /// As read: what `sig` covers besides the known fields.
    private var unknown: [String: JSON] = [:]

    public init(name: String, hostPub: [UInt8], signalURL: String, ts: Int64, certified: Certified?) {
        self.name = name
        self.hostPub = hostPub
        self.signalURL = signalURL
        self.ts = ts
        self.certified = certified
    }

    /// Reads a record: any valid JSON object, not necessarily canonical.
    public init(json bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= Self.maxBlobBytes else { throw .invalid("a record is at most \(Self.maxBlobBytes) bytes") }
        let json: JSON
        do { json = try JSON.parse(bytes) } catch { throw .invalid(error.message) }
        guard case .object(var members) = json else { throw .invalid("a record is an object") }
        var fields = try Fields(json, in: "record")
        try fields.version()
        name = try fields.string("name", maxBytes: 63)
        hostPub = try fields.hex("host_pub", bytes: 32)
        signalURL = try fields.string("signal_url", maxBytes: 300)
        ts = try fields.integer("ts")
        certified = json.hasMember("chain") ? try Certified(&fields) : nil
        for known in Self.sharedFields + (certified == nil ? [] : Certified.fields) { members[known] = nil }
        unknown = members
    }

    private static let sharedFields = ["v", "name", "host_pub", "signal_url", "ts"]

    /// What `sig` covers.
    public func unsignedBytes() -> [UInt8] { JSON.object(unsignedMembers).canonicalBytes() }

    public func canonicalBytes() -> [UInt8] {
        let signature: [String: JSON] = certified.map { ["sig": .hex($0.signature)] } ?? [:]
        return JSON.object(unsignedMembers.merging(signature) { _, new in new }).canonicalBytes()
    }

    private var unsignedMembers: [String: JSON] {
        let shared: [String: JSON] = [
            "v": .integer(1), "name": .string(name), "host_pub": .hex(hostPub), "signal_url": .string(signalURL),
            "ts": .integer(ts),
        ]
        return unknown.merging(shared) { _, known in known }
            .merging(certified?.unsignedMembers ?? [:]) { _, known in known }
    }
}

extension RegistryRecord.Certified {
    static let fields = ["machine_id", "version", "chain", "revocation_head", "lan", "capabilities", "sig"]

    init(_ fields: inout Fields) throws(WireError) {
        machineID = try fields.machineID()
        version = try fields.string("version", maxBytes: 32)
        chain = try fields.chain()
        revocationHead = try fields.revocationHead()
        lan = try fields.nullable("lan") { fields, name throws(WireError) in
            try fields.list(name, atMost: 32, as: "host:port") { $0 }
        }
        capabilities = try fields.capabilities()
        signature = try fields.hex("sig", bytes: 64)
    }

    var unsignedMembers: [String: JSON] {
        [
            "machine_id": .text(machineID), "version": .string(version), "chain": chain.json,
            "revocation_head": revocationHead.json, "lan": .orNull(lan) { .strings($0) },
            "capabilities": .strings(capabilities),
        ]
    }
}
