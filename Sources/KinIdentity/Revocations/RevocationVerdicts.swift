import KinEncoding
import KinWire

/// What a revocation log says of members and certificates (docs/protocol/statements.md, "Revocation log").
public struct RevocationVerdicts: Sendable {
    private struct IssuersEntry {
        var entry: Revocation
        var hash: [UInt8]
    }

    /// The wallet's entries, by target.
    private var byWallet: [ULID: [Revocation]] = [:]
    /// Entries of issuers, by target; whether they count is told by the wallet's against their author.
    private var byIssuers: [ULID: [IssuersEntry]] = [:]
    /// Members known to hold an issuer key: only the wallet revokes them.
    private var issuers: Set<ULID> = []

    public init() {}

    mutating func add(_ proof: RevocationProof, hash: [UInt8]) {
        guard let issuer = proof.issuer else { return byWallet[proof.entry.target, default: []].append(proof.entry) }
        issuers.insert(issuer.issuer)
        byIssuers[proof.entry.target, default: []].append(IssuersEntry(entry: proof.entry, hash: hash))
    }

    mutating func remove(_ entry: Revocation, hash: [UInt8]) {
        byIssuers[entry.target]?.removeAll { $0.hash == hash }
    }

    /// The entry by which a member is revoked: of several the one with the earliest cutoff. nil where it is not.
    /// - Parameter role: as certified; an owner is revoked by the wallet alone.
    public func revocation(of member: ULID, role: Role) -> Revocation? {
        let isProtected = role == .owner || issuers.contains(member)
        let entries = (byWallet[member] ?? []) + (isProtected ? [] : countingEntries(against: member))
        return entries.min { ($0.cutoff, $0.at) < ($1.cutoff, $1.at) }
    }

    private func countingEntries(against member: ULID) -> [Revocation] {
        (byIssuers[member] ?? []).filter { known in
            guard case .member(let author) = known.entry.author else { return false }
            return survives(known.hash, of: author, at: known.entry.at)
        }.map(\.entry)
    }

    /// Whether any entry names `member`, whatever it comes to.
    public func isNamed(_ member: ULID) -> Bool { byWallet[member] != nil || byIssuers[member] != nil }

    /// Refuses the chain of a revoked member, and one whose issuer was revoked without sparing the certificate.
    func check(_ chain: Chain) throws(ChainFault) {
        let certificate = chain.certificate
        guard revocation(of: certificate.member, role: certificate.role) == nil else { throw .revoked }
        // Hashing costs, and few issuers are revoked.
        if let issuer = chain.issuer, byWallet[issuer.issuer] != nil {
            guard survives(certificate.hash, of: issuer.issuer, at: certificate.issuedAt) else { throw .issuerRevoked }
        }
    }

    /// Whether what an issuer signed still counts: every revocation of that issuer spares it by name, and it is older than each.
    private func survives(_ hash: [UInt8], of issuer: ULID, at time: Int64) -> Bool {
        (byWallet[issuer] ?? []).allSatisfy { $0.keep.contains(hash) && time < $0.cutoff }
    }
}
