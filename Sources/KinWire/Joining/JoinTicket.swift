import KinEncoding

/// What is given to machines that join by themselves, as one string in `KINDRED_JOIN` or a file: a credential, its issuer key, and where the family is. A secret.
public struct JoinTicket: Hashable, Sendable {
    public static let prefix = "kinjoin1."
    private static let maxBytes = 16_384

    public var credential: JoinCredential
    public var issuer: IssuerCertificate
    /// Of the issuer key, 32 bytes.
    public var seed: [UInt8]
    public var routeID: String
    /// 32 bytes.
    public var boxPublic: [UInt8]
    /// The broker first; at most 16.
    public var servers: [String]

    public init(
        credential: JoinCredential, issuer: IssuerCertificate, seed: [UInt8], routeID: String, boxPublic: [UInt8],
        servers: [String]
    ) {
        self.credential = credential
        self.issuer = issuer
        self.seed = seed
        self.routeID = routeID
        self.boxPublic = boxPublic
        self.servers = servers
    }

    /// Reads the string; white space is passed over.
    public init(text: String) throws(WireError) {
        let bytes = try CarriedText.decode(text, prefix: Self.prefix, maxBytes: Self.maxBytes)
        guard bytes.count <= Self.maxBytes else { throw .invalid("a credential is shorter") }
        var fields = try Fields(parseCanonical(bytes), in: "credential")
        try fields.version()
        credential = try JoinCredential(json: fields.take("credential"))
        issuer = try IssuerCertificate(json: fields.take("issuer"))
        seed = try fields.hex("seed", bytes: 32)
        routeID = try fields.string("route_id", maxBytes: 64)
        boxPublic = try fields.hex("box_public", bytes: 32)
        servers = try fields.list("servers", atMost: 16, as: "a server's address") { $0 }
        try fields.end()
    }

    public var text: String {
        let json = JSON.object([
            "v": .integer(1), "credential": credential.json, "issuer": issuer.json, "seed": .hex(seed),
            "route_id": .string(routeID), "box_public": .hex(boxPublic), "servers": .strings(servers),
        ])
        return Self.prefix + Base64URL.encode(json.canonicalBytes())
    }
}
