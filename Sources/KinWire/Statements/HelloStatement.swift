import KinEncoding

/// What a daemon signs to open a session (`kindred/hello/v1`): useless at any other server.
public struct HelloStatement: SingleSignatureStatement {
    public static let domain = "kindred/hello/v1"

    /// `scheme://host[:port]` as dialled.
    public var origin: String
    public var mesh: MeshID
    /// 32 bytes from the challenge.
    public var nonce: [UInt8]
    /// SHA-256 of the chain's canonical bytes.
    public var chainSHA256: [UInt8]
    public var revocationHead: RevocationHead
    public var capabilities: [String]
    /// Milliseconds.
    public var timestamp: Int64
    public var signature: [UInt8]

    public init(
        origin: String, mesh: MeshID, nonce: [UInt8], chainSHA256: [UInt8], revocationHead: RevocationHead,
        capabilities: [String], timestamp: Int64, signature: [UInt8] = []
    ) {
        self.origin = origin
        self.mesh = mesh
        self.nonce = nonce
        self.chainSHA256 = chainSHA256
        self.revocationHead = revocationHead
        self.capabilities = capabilities
        self.timestamp = timestamp
        self.signature = signature
    }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "hello")
        try fields.version()
        origin = try fields.string("origin", maxBytes: 300)
        mesh = try fields.mesh()
        nonce = try fields.hex("nonce", bytes: 32)
        chainSHA256 = try fields.hex("chain_sha256", bytes: 32)
        revocationHead = try fields.revocationHead()
        capabilities = try fields.capabilities()
        timestamp = try fields.time("timestamp")
        signature = try fields.hex("sig", bytes: 64)
        try fields.end()
    }

    public var unsignedMembers: [String: JSON] {
        [
            "v": .integer(1), "origin": .string(origin), "mesh": .text(mesh), "nonce": .hex(nonce),
            "chain_sha256": .hex(chainSHA256), "revocation_head": revocationHead.json,
            "capabilities": .strings(capabilities), "timestamp": .integer(timestamp),
        ]
    }
}
