import KinEncoding

/// `[issuer certificate?, certificate, rotation…]`: what a member shows to be believed.
///
/// Reading it checks shape alone; whether it is valid is for `ChainVerifier` in `KinIdentity`.
public struct Chain: Hashable, Sendable {
    public var issuer: IssuerCertificate?
    public var certificate: Certificate
    public var rotations: [Rotation]

    public init(issuer: IssuerCertificate? = nil, certificate: Certificate, rotations: [Rotation] = []) {
        self.issuer = issuer
        self.certificate = certificate
        self.rotations = rotations
    }

    /// Whether its certificate is over.
    /// - Parameter time: milliseconds.
    public func hasEnded(by time: Int64) -> Bool { certificate.expiresAt.map { $0 <= time } ?? false }

    public init(json: JSON) throws(WireError) {
        guard case .array(var items) = json, (1...StatementLimits.maxChain).contains(items.count) else {
            throw .invalid("a chain is an array of 1 to \(StatementLimits.maxChain) statements")
        }
        if items[0].hasMember("max_role") { issuer = try IssuerCertificate(json: items.removeFirst()) }
        guard !items.isEmpty else { throw .invalid("chain: the certificate is missing") }
        certificate = try Certificate(json: items.removeFirst())
        guard items.count <= StatementLimits.maxRotations else {
            throw .invalid("chain: at most \(StatementLimits.maxRotations) rotations, then a fresh certificate")
        }
        var rotations: [Rotation] = []
        for item in items { rotations.append(try Rotation(json: item)) }
        self.rotations = rotations
    }

    public init(canonical bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= StatementLimits.maxBytes * StatementLimits.maxChain else {
            throw .invalid("a chain is at most \(StatementLimits.maxBytes * StatementLimits.maxChain) bytes")
        }
        try self.init(json: parseCanonical(bytes))
    }

    public var json: JSON {
        .array((issuer.map { [$0.json] } ?? []) + [certificate.json] + rotations.map { $0.json })
    }

    /// The canonical JSON of the array: what `chain_sha256` hashes.
    public func canonicalBytes() -> [UInt8] { json.canonicalBytes() }

    /// Whether this chain and `other` rotate one key of the same member to two: signed by its holder both times, so one of the two stole it.
    public func isFork(of other: Chain) -> Bool {
        guard certificate == other.certificate, issuer == other.issuer else { return false }
        return zip(rotations, other.rotations).contains { $0 != $1 }
    }

    public var member: ULID { certificate.member }

    /// The Ed25519 keys this member ever had, newest first; the first is the one in force.
    public var ed25519Keys: [[UInt8]] { rotations.reversed().map(\.newEd25519) + [certificate.ed25519] }

    /// The X25519 keys this member ever had, newest first.
    public var x25519Keys: [[UInt8]] { rotations.reversed().map(\.newX25519) + [certificate.x25519] }
}

extension JSON {
    func hasMember(_ name: String) -> Bool {
        if case .object(let members) = self { members[name] != nil } else { false }
    }
}

extension Fields {
    mutating func chain(_ name: String = "chain") throws(WireError) -> Chain { try Chain(json: take(name)) }
}
