import KinEncoding

/// What an owner device decided for its whole mesh (`kindred/settings/v1`).
///
/// Of several the one with the highest (`seq`, `at`, hash) holds; a hash is SHA-256 of the canonical JSON.
public struct MeshSettings: SingleSignatureStatement {
    public static let domain = "kindred/settings/v1"

    public var mesh: MeshID
    /// From 1; each is one above the highest its signer knew.
    public var seq: Int64
    public var concurrentPolicy: ConcurrentPolicy
    /// The owner device that signs, with its key in force.
    public var member: ULID
    /// Milliseconds.
    public var at: Int64
    public var signature: [UInt8]

    public init(
        mesh: MeshID, seq: Int64, concurrentPolicy: ConcurrentPolicy, member: ULID, at: Int64, signature: [UInt8] = []
    ) {
        self.mesh = mesh
        self.seq = seq
        self.concurrentPolicy = concurrentPolicy
        self.member = member
        self.at = at
        self.signature = signature
    }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "settings")
        try fields.version()
        mesh = try fields.mesh()
        seq = try fields.integer("seq", from: 1)
        concurrentPolicy = try fields.concurrentPolicy()
        member = try fields.ulid("member")
        at = try fields.time("at")
        signature = try fields.hex("sig", bytes: 64)
        try fields.end()
    }

    public var unsignedMembers: [String: JSON] {
        [
            "v": .integer(1), "mesh": .text(mesh), "seq": .integer(seq), "concurrent_policy": .text(concurrentPolicy),
            "member": .text(member), "at": .integer(at),
        ]
    }
}
