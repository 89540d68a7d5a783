/// Why a chain may not stand in the place of one known for its member (docs/protocol/statements.md, "Several chains of one member").
///
/// Brokers and devices judge by the same rule.
public enum ChainConflict: String, Error, CaseIterable, Sendable {
    /// Fewer rotations than known: an old state, or one rolled back.
    case shorter = "chain_shorter_than_known"
    /// Another certificate than the one known, without the wallet's later word; or other rotations.
    case foreign = "member_belongs_to_another_key"
}

extension Chain {
    /// Judges this chain beside one known for the same member. Both are valid.
    /// - Throws: why the known one stays.
    public func check(replacing known: Chain) throws(ChainConflict) {
        guard certificate == known.certificate || certificate.prevails(over: known.certificate) else { throw .foreign }
        guard certificate.ed25519 == known.certificate.ed25519 else { return }
        // Under whatever certificate: keys that were rotated away never come back by a second one.
        guard rotations.count >= known.rotations.count else { throw .shorter }
        guard rotations.starts(with: known.rotations) else { throw .foreign }
    }

    /// Whether this chain may stand in the place of one known for the same member; where none is known it may.
    public func mayReplace(_ known: Chain?) -> Bool {
        guard let known else { return true }
        return (try? check(replacing: known)) != nil
    }
}

extension Certificate {
    /// Whether this one holds where `other` says otherwise: by the wallet alone, over whatever an issuer says, and over what it said before.
    ///
    /// Issuers date what they sign as they like, so between the two no date counts.
    public func prevails(over other: Certificate) -> Bool {
        guard issuer == .wallet else { return false }
        return other.issuer != .wallet || issuedAt > other.issuedAt
    }
}
