import KinEncoding

/// A revocation as it travels: `[issuer certificate?, revocation]`, so that whoever reads it can check it alone.
public struct RevocationProof: Hashable, Sendable {
    /// The author's, unless the wallet is the author.
    public var issuer: IssuerCertificate?
    public var entry: Revocation

    public init(issuer: IssuerCertificate? = nil, entry: Revocation) {
        self.issuer = issuer
        self.entry = entry
    }

    public init(json: JSON) throws(WireError) {
        guard case .array(let items) = json, let last = items.last, items.count <= 2 else {
            throw .invalid("a revocation travels as an array of one or two statements")
        }
        issuer = items.count == 2 ? try IssuerCertificate(json: items[0]) : nil
        entry = try Revocation(json: last)
        switch (entry.author, issuer) {
        case (.wallet, nil): break
        case (.member(let author), let issuer?) where issuer.issuer == author: break
        default:
            throw .invalid("a revocation by an issuer comes with that issuer's certificate, and the wallet's with none")
        }
    }

    public var json: JSON { .array((issuer.map { [$0.json] } ?? []) + [entry.json]) }
}
