import KinEncoding

/// A device replaces its keys (`kindred/rotation/v1`), signed by the old and the new Ed25519 key.
public struct Rotation: Statement {
    public static let domain = "kindred/rotation/v1"

    public var mesh: MeshID
    public var member: ULID
    /// 1 for the first rotation after the certificate.
    public var seq: Int64
    /// 32 bytes each.
    public var oldEd25519: [UInt8]
    public var newEd25519: [UInt8]
    public var newX25519: [UInt8]
    /// Milliseconds.
    public var at: Int64
    /// 64 bytes each; empty until signed.
    public var oldSignature: [UInt8]
    public var newSignature: [UInt8]

    public init(
        mesh: MeshID, member: ULID, seq: Int64, oldEd25519: [UInt8], newEd25519: [UInt8], newX25519: [UInt8],
        at: Int64, oldSignature: [UInt8] = [], newSignature: [UInt8] = []
    ) {
        self.mesh = mesh
        self.member = member
        self.seq = seq
        self.oldEd25519 = oldEd25519
        self.newEd25519 = newEd25519
        self.newX25519 = newX25519
        self.at = at
        self.oldSignature = oldSignature
        self.newSignature = newSignature
    }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "rotation")
        try fields.version()
        mesh = try fields.mesh()
        member = try fields.ulid("member")
        seq = try fields.integer("seq", from: 1)
        oldEd25519 = try fields.hex("old_ed25519", bytes: 32)
        newEd25519 = try fields.hex("new_ed25519", bytes: 32)
        newX25519 = try fields.hex("new_x25519", bytes: 32)
        at = try fields.time("at")
        oldSignature = try fields.hex("sig_old", bytes: 64)
        newSignature = try fields.hex("sig_new", bytes: 64)
        try fields.end()
    }

    public var unsignedMembers: [String: JSON] {
        [
            "v": .integer(1), "mesh": .text(mesh), "member": .text(member), "seq": .integer(seq),
            "old_ed25519": .hex(oldEd25519), "new_ed25519": .hex(newEd25519), "new_x25519": .hex(newX25519),
            "at": .integer(at),
        ]
    }

    public var signatures: [String: [UInt8]] { ["sig_old": oldSignature, "sig_new": newSignature] }
}
