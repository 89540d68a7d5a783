import KinEncoding

/// One entry of an author's hash-linked revocation list (`kindred/revocation/v1`).
public struct Revocation: SingleSignatureStatement {
    public static let domain = "kindred/revocation/v1"

    public var mesh: MeshID
    public var author: Certificate.Issuer
    /// Position in the author's list, from 1.
    public var seq: Int64
    /// SHA-256 of the author's entry before; nil for the first.
    public var previous: [UInt8]?
    public var target: ULID
    /// Milliseconds: what the target signed later does not count.
    public var cutoff: Int64
    /// Of a revoked issuer: SHA-256 of the statements that survive.
    public var keep: [[UInt8]]
    /// At most 200 bytes.
    public var reason: String
    /// Milliseconds.
    public var at: Int64
    public var signature: [UInt8]

    public init(
        mesh: MeshID, author: Certificate.Issuer, seq: Int64, previous: [UInt8]?, target: ULID, cutoff: Int64,
        keep: [[UInt8]] = [], reason: String, at: Int64, signature: [UInt8] = []
    ) {
        self.mesh = mesh
        self.author = author
        self.seq = seq
        self.previous = previous
        self.target = target
        self.cutoff = cutoff
        self.keep = keep
        self.reason = reason
        self.at = at
        self.signature = signature
    }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "revocation")
        try fields.version()
        mesh = try fields.mesh()
        author = try fields.parsed("author", as: "wallet or a ULID") { Certificate.Issuer($0) }
        seq = try fields.integer("seq", from: 1)
        previous = try fields.nullable("prev") { fields, name throws(WireError) in try fields.hex(name, bytes: 32) }
        guard (previous == nil) == (seq == 1) else {
            throw fields.refusal("prev", "must be null for the first entry, and for no other")
        }
        target = try fields.ulid("target")
        cutoff = try fields.time("cutoff")
        keep = try fields.hashes("keep", atMost: 32)
        reason = try fields.string("reason", maxBytes: 200)
        at = try fields.time("at")
        signature = try fields.hex("sig", bytes: 64)
        try fields.end()
    }

    public var unsignedMembers: [String: JSON] {
        [
            "v": .integer(1), "mesh": .text(mesh), "author": .text(author), "seq": .integer(seq),
            "prev": .orNull(previous) { .hex($0) }, "target": .text(target), "cutoff": .integer(cutoff),
            "keep": .array(keep.map { .hex($0) }), "reason": .string(reason), "at": .integer(at),
        ]
    }
}
