import KinEncoding
import KinWire

/// What a revocation log says of members and certificates (docs/protocol/statements.md, "Revocation log").
public struct RevocationVerdicts: Sendable {
    /// The wallet's entries, by target.
    private var byWallet: [ULID: [Revocation]] = [:]
    /// Entries of issuers that count, by target.
    private var byIssuers: [ULID: [Revocation]] = [:]
    /// Members known to hold an issuer key: only the wallet revokes them.
    private var issuers: Set<ULID> = []

    public init() {}

    init(_ proofs: [RevocationProof]) {
        issuers = Set(proofs.compactMap { $0.issuer?.issuer })
        let entries = proofs.map(\.entry)
        byWallet = Dictionary(grouping: entries.filter { $0.author == .wallet }, by: \.target)
        let surviving = entries.filter { entry in
            guard case .member(let author) = entry.author else { return false }
            return survives(entry.hash, of: author, at: entry.at)
        }
        byIssuers = Dictionary(grouping: surviving, by: \.target)
    }

    /// The entry by which a member is revoked: of several the one with the earliest cutoff. nil where it is not.
    /// - Parameter role: as certified; an owner is revoked by the wallet alone.
    public func revocation(of member: ULID, role: Role) -> Revocation? {
        let isProtected = role == .owner || issuers.contains(member)
        let entries = (byWallet[member] ?? []) + (isProtected ? [] : byIssuers[member] ?? [])
        return entries.min { ($0.cutoff, $0.at) < ($1.cutoff, $1.at) }
    }

    /// Whether any entry names `member`, whatever it comes to.
    public func isNamed(_ member: ULID) -> Bool { byWallet[member] != nil || byIssuers[member] != nil }

    /// Refuses the chain of a revoked member, and one whose issuer was revoked without sparing the certificate.
    func check(_ chain: Chain) throws(ChainFault) {
        let certificate = chain.certificate
        guard revocation(of: certificate.member, role: certificate.role) == nil else { throw .revoked }
        if let issuer = chain.issuer {
            guard survives(certificate.hash, of: issuer.issuer, at: certificate.issuedAt) else { throw .issuerRevoked }
        }
    }

    /// Whether what an issuer signed still counts: every revocation of that issuer spares it by name, and it is older than each.
    private func survives(_ hash: [UInt8], of issuer: ULID, at time: Int64) -> Bool {
        (byWallet[issuer] ?? []).allSatisfy { $0.keep.contains(hash) && time < $0.cutoff }
    }
}
