import KinEncoding
import KinWire

/// Prepares the entry by which a device is revoked: who must sign it, where it goes in that author's list, and what of a revoked issuer's work survives.
public struct RevocationDraft: Sendable {
    /// The entry, unsigned.
    public let entry: Revocation

    /// Whom or what an entry names.
    public enum Target: Sendable {
        case member(VerifiedMember)
        /// An id that is no member's: a join credential's, or a device's nobody met. The wallet alone revokes those.
        case id(ULID)

        var id: ULID {
            switch self {
            case .member(let member): member.member
            case .id(let id): id
            }
        }
    }

    /// - Parameters:
    ///   - installation: the device that revokes.
    ///   - spared: members the target certified that stay; everybody else it certified falls with it. A date proves nothing: the target wrote it.
    ///   - cutoff: milliseconds; from when on the target is not trusted any more.
    ///   - reason: at most 200 bytes; servers can read it.
    ///   - now: milliseconds.
    /// - Throws: `already_revoked`, `reason_too_long`, `too_many_survivors`.
    public init(
        revoking target: Target, from installation: Installation, spared: [VerifiedMember], cutoff: Int64,
        reason: String, now: Int64
    ) throws {
        let log = installation.revocations.current
        guard !Self.isRevoked(target, log) else {
            throw KinError("already_revoked", "that device is revoked already", category: .conflict)
        }
        guard reason.utf8.count <= 200 else {
            throw KinError("reason_too_long", "a reason has at most 200 bytes", category: .usage)
        }
        let author: Certificate.Issuer =
            Self.isForIssuers(target, installation, log) ? .member(installation.chain.member) : .wallet
        let place = log.next(by: author)
        entry = Revocation(
            mesh: installation.mesh, author: author, seq: place.seq, previous: place.previous, target: target.id,
            cutoff: min(cutoff, now), keep: try Self.survivors(of: target.id, before: cutoff, spared, log),
            reason: reason, at: now)
    }

    /// Signs with this device's issuer key; nil where only the wallet may revoke the target.
    public func signed(by installation: Installation) -> RevocationProof? {
        guard entry.author != .wallet, let issuer = installation.issuer else { return nil }
        return RevocationProof(issuer: issuer, entry: entry.signed(by: installation.keys.issuing))
    }

    private static func isRevoked(_ target: Target, _ log: RevocationLog) -> Bool {
        switch target {
        case .member(let member): log.verdicts.revocation(of: member.member, role: member.role) != nil
        case .id(let id): log.entries.contains { $0.entry.target == id && $0.entry.author == .wallet }
        }
    }

    /// Whether an issuer may revoke `target`, and this device is one that may.
    private static func isForIssuers(
        _ target: Target, _ installation: Installation, _ log: RevocationLog
    ) -> Bool {
        guard case .member(let target) = target else { return false }
        let isProtected = target.role == .owner || log.entries.contains { $0.issuer?.issuer == target.member }
        return !isProtected && installation.issuer?.scopes.contains(.revoke) == true
    }

    private static let maxSurvivors = 32

    private static func survivors(
        of issuer: ULID, before cutoff: Int64, _ spared: [VerifiedMember], _ log: RevocationLog
    ) throws -> [[UInt8]] {
        let certificates = spared.map(\.chain).filter { $0.issuer?.issuer == issuer }.map(\.certificate)
        guard certificates.count <= maxSurvivors, certificates.allSatisfy({ $0.issuedAt < cutoff }) else {
            throw KinError(
                "too_many_survivors",
                "at most \(maxSurvivors) can be spared, and none that was certified after the device was not to be trusted any more: certify the others anew",
                category: .refused)
        }
        // Whom it put out stays out: a thief's entries cost a new approval, an honest one's loss would let somebody back in.
        let entries = log.entries.map(\.entry).filter { $0.author == .member(issuer) && $0.at < cutoff }
        return certificates.map(\.hash) + entries.prefix(maxSurvivors - certificates.count).map(\.hash)
    }
}
