import KinEncoding

/// Who belongs to a private topic (`kindred/topic/v1`): signed by the member that made the topic, or by an owner device.
///
/// Of several of one creator the one with the highest (`seq`, `at`, canonical JSON) holds.
public struct TopicList: SingleSignatureStatement {
    public static let domain = "kindred/topic/v1"
    public static let maxMembers = 256

    public var mesh: MeshID
    public var topic: TopicName
    /// Who made the topic: the same in every list of it.
    public var creator: ULID
    /// From 1; each is one above the highest its signer knew.
    public var seq: Int64
    /// Distinct, at most 256.
    public var members: [ULID]
    /// The member that signs, with its key in force.
    public var member: ULID
    /// Milliseconds.
    public var at: Int64
    public var signature: [UInt8]

    public init(
        mesh: MeshID, topic: TopicName, creator: ULID, seq: Int64, members: [ULID], member: ULID, at: Int64,
        signature: [UInt8] = []
    ) {
        self.mesh = mesh
        self.topic = topic
        self.creator = creator
        self.seq = seq
        self.members = members
        self.member = member
        self.at = at
        self.signature = signature
    }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "topic list")
        try fields.version()
        mesh = try fields.mesh()
        topic = try fields.topic()
        creator = try fields.ulid("creator")
        seq = try fields.integer("seq", from: 1)
        members = try fields.list("members", atMost: Self.maxMembers, as: "a ULID") { ULID($0) }
        member = try fields.ulid("member")
        at = try fields.time("at")
        signature = try fields.hex("sig", bytes: 64)
        try fields.end()
    }

    public var unsignedMembers: [String: JSON] {
        [
            "v": .integer(1), "mesh": .text(mesh), "topic": .text(topic), "creator": .text(creator),
            "seq": .integer(seq), "members": .array(members.map { .text($0) }), "member": .text(member),
            "at": .integer(at),
        ]
    }
}

extension TopicList {
    /// Whether this one holds where both are valid and of one creator.
    public func isNewer(than other: TopicList) -> Bool {
        if seq != other.seq { return seq > other.seq }
        if at != other.at { return at > other.at }
        return other.canonicalBytes().lexicographicallyPrecedes(canonicalBytes())
    }
}

/// A list with the chain of the member that signed it.
public struct TopicProof: Hashable, Sendable {
    public var list: TopicList
    public var signer: Chain

    public init(list: TopicList, signer: Chain) {
        self.list = list
        self.signer = signer
    }

    /// - Throws: `invalid_message`.
    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "topic proof")
        list = try TopicList(json: fields.take("list"))
        signer = try fields.chain("signer")
        try fields.end()
    }

    public var json: JSON { .object(["list": list.json, "signer": signer.json]) }

    /// Whether this one, which was verified, takes the place of `known`. Whoever made the topic and was taken off its list does not sign itself in again.
    public func follows(_ known: TopicProof?) -> Bool {
        guard let known = known?.list else { return true }
        let isEntitled = signer.certificate.role == .owner || known.members.contains(list.member)
        return isEntitled && list.creator == known.creator && list.isNewer(than: known)
    }
}

extension Fields {
    package mutating func topic(_ name: String = "topic") throws(WireError) -> TopicName {
        try parsed(name, as: "1 to 64 of a-z 0-9 . _ -") { TopicName($0) }
    }
}

extension TopicName {
    /// The topic that every member is in but guests, from the beginning and for good.
    public static let everybody = TopicName(known: "all")
}
