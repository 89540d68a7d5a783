import KinWire

/// Why a member by a join credential is not admitted.
enum CredentialRefusal: String, Error, CaseIterable {
    case needed = "credential_needed"
    case usedUp = "credential_used_up"

    var message: String {
        switch self {
        case .needed:
            "this machine joined by a credential that it does not show, or that has ended: let it join again by a new one"
        case .usedUp: "the join credential was used as often as it may: make a new one with  kin mesh credential"
        }
    }
}

/// The bearer of a chain is revoked, by these entries.
struct Revoked: Error, CustomStringConvertible {
    let proofs: [RevocationProof]

    var description: String { "member_revoked" }
}

/// A chain that may not replace the one known for its member.
enum ChainConflict: String, Error, CaseIterable {
    /// Fewer rotations than known: an old state, or one rolled back.
    case shorter = "chain_shorter_than_known"
    /// Another key took the member id without the wallet's word.
    case foreign = "member_belongs_to_another_key"

    static func check(_ chain: Chain, replacing known: Chain) throws(ChainConflict) {
        if chain.certificate.ed25519 == known.certificate.ed25519 {
            // Under whatever certificate: keys that were rotated away never come back by a second one.
            guard chain.rotations.count >= known.rotations.count else { throw .shorter }
            guard chain.rotations.starts(with: known.rotations) else { throw .foreign }
        }
        if chain.certificate != known.certificate
            && (chain.certificate.ed25519 != known.certificate.ed25519 || chain.rotations.isEmpty)
        {
            let isLaterWord =
                chain.certificate.issuer == .wallet && chain.certificate.issuedAt > known.certificate.issuedAt
            guard isLaterWord else { throw .foreign }
        }
    }
}
