import KinEncoding

/// The answer to a `JoinRequest`: the machine's chain, and what it needs to find its family. It travels sealed to the machine's X25519 key.
public struct JoinApproval: Hashable, Sendable {
    /// Before the text form of the sealed bytes.
    public static let prefix = "kinapp1."
    /// Bytes of the JSON.
    public static let maxBytes = 16_384

    public var chain: Chain
    /// The name under which the family registers at relays (base58).
    public var routeID: String
    /// 32 bytes: records of machines without the phrase are sealed to it.
    public var boxPublic: [UInt8]
    /// Servers the family uses, the broker first; at most 16.
    public var servers: [String]

    public init(chain: Chain, routeID: String, boxPublic: [UInt8], servers: [String]) {
        self.chain = chain
        self.routeID = routeID
        self.boxPublic = boxPublic
        self.servers = servers
    }

    public init(canonical bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= Self.maxBytes else { throw .invalid("an approval is at most \(Self.maxBytes) bytes") }
        var fields = try Fields(parseCanonical(bytes), in: "approval")
        try fields.version()
        chain = try fields.chain()
        routeID = try fields.string("route_id", maxBytes: 64)
        boxPublic = try fields.hex("box_public", bytes: 32)
        servers = try fields.list("servers", atMost: 16, as: "a server's address") { $0 }
        try fields.end()
    }

    public func canonicalBytes() -> [UInt8] {
        JSON.object([
            "v": .integer(1), "chain": chain.json, "route_id": .string(routeID), "box_public": .hex(boxPublic),
            "servers": .strings(servers),
        ]).canonicalBytes()
    }

    /// The form that people carry.
    public static func text(sealed bytes: [UInt8]) -> String { prefix + Base64URL.encode(bytes) }

    /// The sealed bytes in the form that people carry.
    public static func sealedBytes(text: String) throws(WireError) -> [UInt8] {
        try CarriedText.decode(text, prefix: prefix, maxBytes: maxBytes + 48)
    }
}

/// Bytes that people carry by hand.
enum CarriedText {
    static func decode(_ text: String, prefix: String, maxBytes: Int) throws(WireError) -> [UInt8] {
        let compact = text.utf8.filter { $0 > 0x20 }
        guard compact.starts(with: prefix.utf8), compact.count <= prefix.utf8.count + maxBytes * 2 else {
            throw .invalid("it begins with \(prefix) and is copied whole")
        }
        let encoded = String(decoding: compact.dropFirst(prefix.utf8.count), as: UTF8.self)
        guard let bytes = try? Base64URL.decode(encoded) else {
            throw .invalid("a character is missing or changed: copy it whole")
        }
        return bytes
    }
}
