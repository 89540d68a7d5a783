import KinEncoding

/// Where a message goes.
public enum Destination: Hashable, Sendable {
    /// A member of the mesh.
    case dm(ULID)
    case topic(TopicName)

    /// `dm` or `topic`.
    public var kind: String {
        switch self {
        case .dm: "dm"
        case .topic: "topic"
        }
    }

    /// The member's ULID or the topic's name.
    public var ref: String {
        switch self {
        case .dm(let member): member.description
        case .topic(let name): name.description
        }
    }

    public init?(kind: String, ref: String) {
        switch kind {
        case "dm":
            guard let member = ULID(ref) else { return nil }
            self = .dm(member)
        case "topic":
            guard let name = TopicName(ref) else { return nil }
            self = .topic(name)
        default: return nil
        }
    }

    /// Reads what `recipient` wrote.
    public init?(recipient: String) {
        if recipient.hasPrefix("#") {
            self.init(kind: "topic", ref: String(recipient.dropFirst()))
        } else {
            self.init(kind: "dm", ref: recipient)
        }
    }

    init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "destination")
        let kind = try fields.string("kind", maxBytes: 8)
        let ref = try fields.string("ref", maxBytes: 64)
        try fields.end()
        guard let destination = Destination(kind: kind, ref: ref) else {
            throw .invalid("destination: kind must be dm with a ULID, or topic with a topic's name")
        }
        self = destination
    }

    var json: JSON { .object(["kind": .string(kind), "ref": .string(ref)]) }

    /// As a sealed message names it: the ULID, or `#` and the topic's name.
    public var recipient: String {
        switch self {
        case .dm(let member): member.description
        case .topic(let name): "#\(name)"
        }
    }
}

/// A topic key's epoch: a counter and the member that minted it.
public struct Epoch: Hashable, Sendable {
    public var counter: Int64
    public var minter: ULID

    public init(counter: Int64, minter: ULID) {
        self.counter = counter
        self.minter = minter
    }

    /// - Throws: `invalid_message`.
    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "epoch")
        counter = try fields.integer("counter")
        minter = try fields.ulid("minter")
        try fields.end()
    }

    public var json: JSON { .object(["counter": .integer(counter), "minter": .text(minter)]) }
}
