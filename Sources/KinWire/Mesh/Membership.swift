import KinEncoding

// Who is in the mesh. After `ready` one `member` for each, then `members_end`; changes follow as versioned events.

public struct Member: Hashable, Sendable {
    public var chain: Chain
    public var online: Bool

    public init(chain: Chain, online: Bool) {
        self.chain = chain
        self.online = online
    }

    init(_ fields: inout Fields) throws(WireError) {
        chain = try fields.chain()
        online = try fields.bool("online")
    }

    var members: [String: JSON] { ["chain": chain.json, "online": .bool(online)] }
}

public struct MembersEnd: Hashable, Sendable {
    /// The list's version; every later event's is higher.
    public var version: Int64

    public init(version: Int64) { self.version = version }

    init(_ fields: inout Fields) throws(WireError) { version = try fields.integer("version") }

    var members: [String: JSON] { ["version": .integer(version)] }
}

/// A daemon introduces a chain it holds.
public struct MemberPut: Hashable, Sendable {
    public var chain: Chain

    public init(chain: Chain) { self.chain = chain }

    init(_ fields: inout Fields) throws(WireError) { chain = try fields.chain() }

    var members: [String: JSON] { ["chain": chain.json] }
}

public struct MemberJoined: Hashable, Sendable {
    public var chain: Chain
    public var online: Bool
    public var version: Int64

    public init(chain: Chain, online: Bool, version: Int64) {
        self.chain = chain
        self.online = online
        self.version = version
    }

    init(_ fields: inout Fields) throws(WireError) {
        chain = try fields.chain()
        online = try fields.bool("online")
        version = try fields.integer("version")
    }

    var members: [String: JSON] {
        ["chain": chain.json, "online": .bool(online), "version": .integer(version)]
    }
}

/// `member_left`, `member_revoked`, `peer_join`, `peer_leave`: one member, one version.
public struct MemberChange: Hashable, Sendable {
    public var member: ULID
    public var version: Int64

    public init(member: ULID, version: Int64) {
        self.member = member
        self.version = version
    }

    init(_ fields: inout Fields) throws(WireError) {
        member = try fields.ulid("member")
        version = try fields.integer("version")
    }

    var members: [String: JSON] { ["member": .text(member), "version": .integer(version)] }
}

public struct MemberKeypairRotated: Hashable, Sendable {
    public var member: ULID
    public var chain: Chain
    public var version: Int64

    public init(member: ULID, chain: Chain, version: Int64) {
        self.member = member
        self.chain = chain
        self.version = version
    }

    init(_ fields: inout Fields) throws(WireError) {
        member = try fields.ulid("member")
        chain = try fields.chain()
        version = try fields.integer("version")
    }

    var members: [String: JSON] {
        ["member": .text(member), "chain": chain.json, "version": .integer(version)]
    }
}

/// A refusal that concerns no single send.
public struct ErrorFrame: Hashable, Sendable {
    public var code: String
    /// At most 512 bytes; says what to do next.
    public var message: String
    /// The `type` of the message it answers.
    public var ref: String?

    /// - Parameter message: cut off after 512 bytes.
    public init(code: String, message: String, ref: String? = nil) {
        self.code = code
        self.message = Self.bounded(message)
        self.ref = ref
    }

    private static let maxMessageBytes = 512

    private static func bounded(_ message: String) -> String {
        guard message.utf8.count > maxMessageBytes else { return message }
        var count = 0
        let scalars = message.unicodeScalars.prefix { scalar in
            count += UTF8.width(scalar)
            return count <= maxMessageBytes
        }
        return String(scalars)
    }

    init(_ fields: inout Fields) throws(WireError) {
        code = try fields.parsed("code", as: "1 to 64 of a-z 0-9 _") { isFeatureName($0) ? $0 : nil }
        message = try fields.string("message", maxBytes: Self.maxMessageBytes)
        ref = try fields.optional("ref") { fields, name throws(WireError) in
            try fields.parsed(name, as: "a message type") { isFeatureName($0) ? $0 : nil }
        }
    }

    var members: [String: JSON] {
        ["code": .string(code), "message": .string(message)].adding("ref", ref) { .string($0) }
    }
}
