import KinWire

/// One mesh's revocation log as a broker needs it. Checked outside: the broker itself reads no signature.
public protocol BrokerLedger: Sendable {
    var head: RevocationHead { get }
    /// SHA-256 of every entry.
    var hashes: [[UInt8]] { get }

    /// The entries whose hashes are not among `have`.
    func missing(from have: [[UInt8]]) -> [RevocationProof]

    /// Takes valid entries in, and returns those that are new and those that they replace.
    func add(_ proofs: [RevocationProof], now: Int64) -> (new: [RevocationProof], replaced: [RevocationProof])

    /// The entries by which the bearer of `chain` is no member; none where it is one.
    func revocations(of chain: Chain) -> [RevocationProof]
}
