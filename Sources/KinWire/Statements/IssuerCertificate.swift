import KinEncoding

/// The wallet lets a separate key of a device certify others (`kindred/issuer/v1`). Not delegable further.
public struct IssuerCertificate: SingleSignatureStatement {
    public static let domain = "kindred/issuer/v1"

    public var mesh: MeshID
    /// The member that holds the issuer key.
    public var issuer: ULID
    /// The issuer key, 32 bytes.
    public var ed25519: [UInt8]
    /// The highest role it may grant.
    public var maxRole: Role
    /// Its own powers, never granted on: `issue`, `revoke`.
    public var scopes: [Scope]
    /// Milliseconds.
    public var notBefore: Int64
    /// Milliseconds; nil: never.
    public var expiresAt: Int64?
    public var signature: [UInt8]

    public init(
        mesh: MeshID, issuer: ULID, ed25519: [UInt8], maxRole: Role, scopes: [Scope], notBefore: Int64,
        expiresAt: Int64? = nil, signature: [UInt8] = []
    ) {
        self.mesh = mesh
        self.issuer = issuer
        self.ed25519 = ed25519
        self.maxRole = maxRole
        self.scopes = scopes
        self.notBefore = notBefore
        self.expiresAt = expiresAt
        self.signature = signature
    }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "issuer certificate")
        try fields.version()
        mesh = try fields.mesh()
        issuer = try fields.ulid("issuer")
        ed25519 = try fields.hex("ed25519", bytes: 32)
        maxRole = try fields.role("max_role")
        scopes = try fields.scopes()
        guard Set(scopes).isSubset(of: [.issue, .revoke]) else {
            throw fields.refusal("scopes", "may hold only issue and revoke")
        }
        notBefore = try fields.time("not_before")
        expiresAt = try fields.nullable("expires_at") { fields, name throws(WireError) in try fields.time(name) }
        signature = try fields.hex("sig", bytes: 64)
        try fields.end()
    }

    public var unsignedMembers: [String: JSON] {
        [
            "v": .integer(1), "mesh": .text(mesh), "issuer": .text(issuer), "ed25519": .hex(ed25519),
            "max_role": .text(maxRole), "scopes": .array(scopes.map { .text($0) }),
            "not_before": .integer(notBefore), "expires_at": .orNull(expiresAt) { .integer($0) },
        ]
    }
}
