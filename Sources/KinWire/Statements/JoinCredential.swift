import KinEncoding

/// The wallet's limit on an issuer key that was given away (`kindred/credential/v1`): how many machines may join by it, as what, and until when.
///
/// Beside it stands an issuer certificate whose only power is `issue`. A broker admits nobody by such a certificate without this statement.
public struct JoinCredential: SingleSignatureStatement {
    public static let domain = "kindred/credential/v1"
    public static let uses: ClosedRange<Int64> = 1...10_000

    public var mesh: MeshID
    /// In the place of the issuing member.
    public var credential: ULID
    /// The issuer key, 32 bytes.
    public var ed25519: [UInt8]
    /// Machine or guest.
    public var role: Role
    /// Machines that may join.
    public var uses: Int64
    /// Milliseconds.
    public var notBefore: Int64
    /// Milliseconds.
    public var expiresAt: Int64
    public var signature: [UInt8]

    public init(
        mesh: MeshID, credential: ULID, ed25519: [UInt8], role: Role, uses: Int64, notBefore: Int64, expiresAt: Int64,
        signature: [UInt8] = []
    ) {
        self.mesh = mesh
        self.credential = credential
        self.ed25519 = ed25519
        self.role = role
        self.uses = uses
        self.notBefore = notBefore
        self.expiresAt = expiresAt
        self.signature = signature
    }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "credential")
        try fields.version()
        mesh = try fields.mesh()
        credential = try fields.ulid("credential")
        ed25519 = try fields.hex("ed25519", bytes: 32)
        role = try fields.role("role")
        guard role <= .machine else { throw fields.refusal("role", "must be machine or guest") }
        uses = try fields.integer("uses", from: Self.uses.lowerBound, to: Self.uses.upperBound)
        notBefore = try fields.time("not_before")
        expiresAt = try fields.time("expires_at")
        signature = try fields.hex("sig", bytes: 64)
        try fields.end()
    }

    public var unsignedMembers: [String: JSON] {
        [
            "v": .integer(1), "mesh": .text(mesh), "credential": .text(credential), "ed25519": .hex(ed25519),
            "role": .text(role), "uses": .integer(uses), "not_before": .integer(notBefore),
            "expires_at": .integer(expiresAt),
        ]
    }

    /// The issuer certificate that goes with it, unsigned.
    public var issuerCertificate: IssuerCertificate {
        IssuerCertificate(
            mesh: mesh, issuer: credential, ed25519: ed25519, maxRole: role, scopes: [.issue], notBefore: notBefore,
            expiresAt: expiresAt)
    }

    /// Whether `certificate` is one of those that need such a statement beside them.
    public static func isNeeded(beside certificate: IssuerCertificate) -> Bool { certificate.scopes == [.issue] }
}
