import KinCrypto
import KinEncoding
import KinWire

/// The union of all authors' revocation lists in one mesh. A value that only grows, the same for whoever holds the same entries.
///
/// Entries are taken in any order: what an author's list lacks in between was withheld, and shows as a gap.
public struct RevocationLog: Sendable {
    /// Entries of one author's list.
    public static let maxSeq: Int64 = 256
    /// Entries of one author at one place of its list. More than one is a fork.
    static let maxForks = 2

    /// A place in an author's list.
    public struct Place: Hashable, Sendable {
        public var author: Certificate.Issuer
        public var seq: Int64

        public init(author: Certificate.Issuer, seq: Int64) {
            self.author = author
            self.seq = seq
        }
    }

    public let mesh: MeshID
    /// Where this log stands.
    public private(set) var head = RevocationHead.empty
    /// Who is revoked by it.
    public private(set) var verdicts = RevocationVerdicts()
    private var proofs: [[UInt8]: RevocationProof] = [:]
    private var places: [Place: [[UInt8]]] = [:]

    public init(mesh: MeshID) { self.mesh = mesh }

    /// Takes an entry in.
    /// - Parameter now: milliseconds.
    /// - Returns: whether it is new.
    /// - Throws: `RevocationFault` where it is not valid.
    @discardableResult
    public mutating func add(_ proof: RevocationProof, now: Int64) throws(RevocationFault) -> Bool {
        let hash = proof.entry.hash
        guard proofs[hash] == nil else { return false }
        try check(proof, now: now)
        try place(hash, at: Place(author: proof.entry.author, seq: proof.entry.seq))
        proofs[hash] = proof
        let hashes = proofs.keys.sorted { $0.lexicographicallyPrecedes($1) }
        head = RevocationHead(count: Int64(hashes.count), hash: Digest.sha256(Array(hashes.joined())))
        verdicts = RevocationVerdicts(entries)
        return true
    }

    /// Every entry, by author and place.
    public var entries: [RevocationProof] {
        proofs.values.sorted {
            ($0.entry.author.description, $0.entry.seq, $0.entry.at)
                < ($1.entry.author.description, $1.entry.seq, $1.entry.at)
        }
    }

    /// The hashes of all entries.
    public var hashes: [[UInt8]] { Array(proofs.keys) }

    public func has(_ hash: [UInt8]) -> Bool { proofs[hash] != nil }

    /// The entries whose hashes are not among `have`.
    public func missing(from have: [[UInt8]]) -> [RevocationProof] {
        let have = Set(have)
        return entries.filter { !have.contains($0.entry.hash) }
    }

    /// The entries by which the bearer of `chain` is no member; none where it is one.
    public func entries(revoking chain: Chain) -> [RevocationProof] {
        do throws(ChainFault) {
            try verdicts.check(chain)
            return []
        } catch {
            let targets = [chain.member] + (chain.issuer.map { [$0.issuer] } ?? [])
            return entries.filter { targets.contains($0.entry.target) }
        }
    }

    /// Places where an author wrote twice: both count, and its key is in other hands or its state was rolled back.
    public var forks: [Place] { places.filter { $0.value.count > 1 }.keys.sorted(by: Self.inOrder) }

    /// Places before an author's last entry of which no entry is known: somebody withholds them.
    public var gaps: [Place] {
        Dictionary(grouping: places.keys, by: \.author).flatMap { author, places in
            let known = Set(places.map(\.seq))
            return (1...(known.max() ?? 1)).filter { !known.contains($0) }.map { Place(author: author, seq: $0) }
        }.sorted(by: Self.inOrder)
    }

    /// Where an author's next entry goes: its `seq` and `prev`.
    public func next(by author: Certificate.Issuer) -> (seq: Int64, previous: [UInt8]?) {
        let last = places.filter { $0.key.author == author }.max { $0.key.seq < $1.key.seq }
        return ((last?.key.seq ?? 0) + 1, last?.value.first)
    }

    private static func inOrder(_ one: Place, _ other: Place) -> Bool {
        (one.author.description, one.seq) < (other.author.description, other.seq)
    }

    // MARK: Taking in

    private func check(_ proof: RevocationProof, now: Int64) throws(RevocationFault) {
        let entry = proof.entry
        guard entry.mesh == mesh, proof.issuer?.mesh ?? mesh == mesh else { throw .wrongMesh }
        guard entry.at <= now + StatementLimits.maxAhead, entry.cutoff <= entry.at else { throw .datedAhead }
        guard let wallet = try? Ed25519.PublicKey(mesh.wallet.bytes) else { throw .badSignature }
        guard let issuer = proof.issuer else {
            guard entry.isSigned(by: wallet) else { throw .badSignature }
            return
        }
        guard issuer.isSigned(by: wallet), let key = try? Ed25519.PublicKey(issuer.ed25519), entry.isSigned(by: key)
        else { throw .badSignature }
        guard issuer.scopes.contains(.revoke), entry.at >= issuer.notBefore, entry.at < issuer.expiresAt ?? .max else {
            throw .notEntitled
        }
    }

    /// Of several entries at one place those with the lowest hashes stay, so that all logs agree.
    private mutating func place(_ hash: [UInt8], at place: Place) throws(RevocationFault) {
        guard place.seq <= Self.maxSeq else { throw .tooMany }
        var hashes = places[place, default: []] + [hash]
        hashes.sort { $0.lexicographicallyPrecedes($1) }
        if hashes.count > Self.maxForks {
            let excess = hashes.removeLast()
            guard excess != hash else { throw .tooMany }
            proofs[excess] = nil
        }
        places[place] = hashes
    }
}

extension SingleSignatureStatement {
    /// SHA-256 of the canonical bytes, signature included: by it the revocation log names statements.
    public var hash: [UInt8] { Digest.sha256(canonicalBytes()) }
}
