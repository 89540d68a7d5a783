/// Why an entry does not enter the revocation log (docs/protocol/statements.md, "Revocation log").
public enum RevocationFault: String, Error, Hashable, Sendable, CustomStringConvertible {
    /// It is of another mesh.
    case wrongMesh = "wrong_mesh"
    /// A signature is not by the key it must be by.
    case badSignature = "bad_signature"
    /// The author's issuer certificate does not give it `revoke`, or not at that time.
    case notEntitled = "issuer_not_entitled"
    /// Dated more than 5 minutes ahead, or with a cutoff after its own date.
    case datedAhead = "dated_ahead"
    /// The same issuer's entry against the same target that is known says it earlier.
    case superseded = "superseded"
    /// The author's list is longer than a list may be.
    case tooMany = "too_many_entries"

    public var description: String { rawValue }
}
