import KinEncoding

/// A succession with the chain of the owner device that speaks it: the frame `succession`, both ways (docs/protocol/mesh.md, "Succession").
public struct Handover: Hashable, Sendable {
    public var succession: Succession
    /// The speaking owner's chain in the old mesh.
    public var owner: Chain
    /// From the broker: the member that is told has everything that was sent to it in the old mesh.
    public var drained: Bool

    public init(succession: Succession, owner: Chain, drained: Bool = false) {
        self.succession = succession
        self.owner = owner
        self.drained = drained
    }

    init(_ fields: inout Fields) throws(WireError) {
        succession = try Succession(json: fields.take("succession"))
        owner = try fields.chain("owner")
        drained = try fields.bool("drained")
    }

    /// Reads what was kept.
    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "handover")
        try self.init(&fields)
        try fields.end()
    }

    public var json: JSON { .object(members) }

    var members: [String: JSON] {
        ["succession": succession.json, "owner": owner.json, "drained": .bool(drained)]
    }
}
