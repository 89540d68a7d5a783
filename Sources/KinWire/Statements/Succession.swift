import KinEncoding

/// A new wallet takes over from one whose phrase leaked (`kindred/succession/v1`).
///
/// Signed by both wallets and by an owner device, for whoever found the phrase can sign with the old wallet too.
public struct Succession: Statement {
    public static let domain = "kindred/succession/v1"

    /// The home mesh of the wallet that ends.
    public var mesh: MeshID
    /// The wallet that takes over; never the mesh's own.
    public var successor: WalletAddress
    /// The owner device that speaks.
    public var member: ULID
    /// Milliseconds.
    public var at: Int64
    /// 64 bytes each; empty until signed.
    public var oldSignature: [UInt8]
    public var newSignature: [UInt8]
    public var memberSignature: [UInt8]

    public init(
        mesh: MeshID, successor: WalletAddress, member: ULID, at: Int64, oldSignature: [UInt8] = [],
        newSignature: [UInt8] = [], memberSignature: [UInt8] = []
    ) {
        self.mesh = mesh
        self.successor = successor
        self.member = member
        self.at = at
        self.oldSignature = oldSignature
        self.newSignature = newSignature
        self.memberSignature = memberSignature
    }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "succession")
        try fields.version()
        mesh = try fields.mesh()
        guard mesh.slug == MeshID.homeSlug else { throw fields.refusal("mesh", "must be a home mesh") }
        successor = try fields.walletAddress("successor")
        guard successor != mesh.wallet else { throw fields.refusal("successor", "must be another wallet") }
        member = try fields.ulid("member")
        at = try fields.time("at")
        oldSignature = try fields.hex("sig_old", bytes: 64)
        newSignature = try fields.hex("sig_new", bytes: 64)
        memberSignature = try fields.hex("sig_member", bytes: 64)
        try fields.end()
    }

    public var unsignedMembers: [String: JSON] {
        [
            "v": .integer(1), "mesh": .text(mesh), "successor": .text(successor), "member": .text(member),
            "at": .integer(at),
        ]
    }

    public var signatures: [String: [UInt8]] {
        ["sig_old": oldSignature, "sig_new": newSignature, "sig_member": memberSignature]
    }

    /// The mesh that follows: the new wallet's home.
    public var heir: MeshID { .home(of: successor) }
}
