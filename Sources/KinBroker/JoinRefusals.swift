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
