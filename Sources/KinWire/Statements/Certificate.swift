import KinEncoding

/// Binds a device's keys into a mesh (`kindred/certificate/v1`). It holds no name: servers see certificates.
public struct Certificate: SingleSignatureStatement {
    public static let domain = "kindred/certificate/v1"

    /// Who signed a certificate.
    public enum Issuer: Hashable, Sendable, CustomStringConvertible {
        case wallet
        /// The issuer key certified for this member.
        case member(ULID)

        public init?(_ text: String) {
            if text == "wallet" {
                self = .wallet
            } else if let member = ULID(text) {
                self = .member(member)
            } else {
                return nil
            }
        }

        public var description: String {
            switch self {
            case .wallet: "wallet"
            case .member(let member): member.description
            }
        }
    }

    public var mesh: MeshID
    public var member: ULID
    public var machineID: MachineID
    /// 32 bytes.
    public var ed25519: [UInt8]
    /// 32 bytes.
    public var x25519: [UInt8]
    public var role: Role
    /// Empty: the role's defaults.
    public var scopes: [Scope]
    /// Milliseconds.
    public var issuedAt: Int64
    /// Milliseconds; nil: never. A guest's is never nil.
    public var expiresAt: Int64?
    public var issuer: Issuer
    public var signature: [UInt8]

    public init(
        mesh: MeshID, member: ULID, machineID: MachineID, ed25519: [UInt8], x25519: [UInt8], role: Role,
        scopes: [Scope] = [], issuedAt: Int64, expiresAt: Int64? = nil, issuer: Issuer, signature: [UInt8] = []
    ) {
        self.mesh = mesh
        self.member = member
        self.machineID = machineID
        self.ed25519 = ed25519
        self.x25519 = x25519
        self.role = role
        self.scopes = scopes
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.issuer = issuer
        self.signature = signature
    }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "certificate")
        try fields.version()
        mesh = try fields.mesh()
        member = try fields.ulid("member")
        machineID = try fields.machineID()
        ed25519 = try fields.hex("ed25519", bytes: 32)
        x25519 = try fields.hex("x25519", bytes: 32)
        role = try fields.role("role")
        scopes = try fields.scopes()
        issuedAt = try fields.time("issued_at")
        expiresAt = try fields.nullable("expires_at") { fields, name throws(WireError) in try fields.time(name) }
        issuer = try fields.parsed("issuer", as: "wallet or a ULID") { Issuer($0) }
        signature = try fields.hex("sig", bytes: 64)
        if role == .guest && expiresAt == nil { throw fields.refusal("expires_at", "may not be null for a guest") }
        try fields.end()
    }

    public var unsignedMembers: [String: JSON] {
        [
            "v": .integer(1), "mesh": .text(mesh), "member": .text(member), "machine_id": .text(machineID),
            "ed25519": .hex(ed25519), "x25519": .hex(x25519), "role": .text(role),
            "scopes": .array(scopes.map { .text($0) }), "issued_at": .integer(issuedAt),
            "expires_at": .orNull(expiresAt) { .integer($0) }, "issuer": .text(issuer),
        ]
    }
}
