import KinCrypto
import KinEncoding
import KinWire

/// The union of all authors' revocation lists in one mesh. A value, the same for whoever holds the same entries; no revocation in it is ever undone
/// but by the wallet, which may revoke its author.
///
/// Entries are taken in any order: what an author's list lacks in between was withheld, and shows as a gap.
public struct RevocationLog: Sendable {
    /// Entries of one author's list.
    public static let maxSeq: Int64 = 1024
    /// Entries of one author that are kept; an issuer has one for each target.
    public static let maxEntries = 1024

    /// A place in an author's list.
    public struct Place: Hashable, Sendable {
        public var author: Certificate.Issuer
        public var seq: Int64

        public init(author: Certificate.Issuer, seq: Int64) {
            self.author = author
            self.seq = seq
        }
    }

    /// What taking an entry in changed.
    public enum Change: Hashable, Sendable {
        case none, added
        /// It took the place of a weaker one of the same author against the same target.
        case replaced(RevocationProof)
    }

    /// An issuer's entries against one target all say the same; the one with the earliest cutoff says it best.
    private struct Subject: Hashable {
        var author: ULID
        var target: ULID
    }

    public let mesh: MeshID
    /// Where this log stands.
    public private(set) var head = RevocationHead.empty
    /// Who is revoked by it.
    public private(set) var verdicts = RevocationVerdicts()
    private var proofs: [[UInt8]: RevocationProof] = [:]
    /// The hashes, ascending.
    private var order: [[UInt8]] = []
    private var places: [Place: Int] = [:]
    private var subjects: [Subject: [UInt8]] = [:]
    private var counts: [Certificate.Issuer: Int] = [:]

    public init(mesh: MeshID) { self.mesh = mesh }

    /// Takes an entry in.
    /// - Parameter now: milliseconds.
    /// - Throws: `RevocationFault` where it is not valid.
    @discardableResult
    public mutating func add(_ proof: RevocationProof, now: Int64) throws(RevocationFault) -> Change {
        let change = try insert(proof, now: now)
        if change != .none { refreshHead() }
        return change
    }

    /// Takes what was kept of the log: each entry is checked again, but its date was checked when it came.
    public mutating func restore(_ kept: [RevocationProof]) {
        for proof in kept { _ = try? insert(proof, now: proof.entry.at) }
        refreshHead()
    }

    /// Every entry, in the order of its hash.
    public var entries: [RevocationProof] { order.compactMap { proofs[$0] } }

    /// The hashes of all entries, ascending.
    public var hashes: [[UInt8]] { order }

    public func has(_ hash: [UInt8]) -> Bool { proofs[hash] != nil }

    /// The entries whose hashes are not among `have`.
    public func missing(from have: [[UInt8]]) -> [RevocationProof] {
        let have = Set(have)
        return order.compactMap { have.contains($0) ? nil : proofs[$0] }
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

    /// Places where an author wrote twice: both count. Two devices spoke for it at once, or its key is in other hands.
    public var forks: [Place] { places.filter { $0.value > 1 }.keys.sorted(by: Self.inOrder) }

    /// The first place of each stretch before an author's last entry of which no entry is known: somebody withholds them.
    public var gaps: [Place] {
        Dictionary(grouping: places.keys, by: \.author).flatMap { author, places in
            let known = Set(places.map(\.seq))
            return known.filter { $0 > 1 && !known.contains($0 - 1) }.map { end in
                let before = known.filter { $0 < end }.max() ?? 0
                return Place(author: author, seq: before + 1)
            }
        }.sorted(by: Self.inOrder)
    }

    /// Where an author's next entry goes: its `seq` and `prev`.
    public func next(by author: Certificate.Issuer) -> (seq: Int64, previous: [UInt8]?) {
        let last = proofs.filter { $0.value.entry.author == author }
            .max { ($0.value.entry.seq, $1.key[0]) < ($1.value.entry.seq, $0.key[0]) }
        return ((last?.value.entry.seq ?? 0) + 1, last?.key)
    }

    private static func inOrder(_ one: Place, _ other: Place) -> Bool {
        (one.author.description, one.seq) < (other.author.description, other.seq)
    }
}

// MARK: - Taking in

extension RevocationLog {
    private mutating func insert(_ proof: RevocationProof, now: Int64) throws(RevocationFault) -> Change {
        let entry = proof.entry
        let hash = entry.hash
        guard proofs[hash] == nil else { return .none }
        try check(proof, now: now)
        guard entry.seq <= Self.maxSeq else { throw .tooMany }
        let weaker = try weakerEntry(than: entry, hash)
        if weaker == nil && counts[entry.author, default: 0] >= Self.maxEntries { throw .tooMany }
        if let weaker { remove(weaker) }
        keep(proof, hash)
        return weaker.map { .replaced($0.proof) } ?? .added
    }

    /// The entry of the same issuer against the same target that this one makes needless.
    /// - Throws: `superseded` where it is the other way round.
    private func weakerEntry(
        than entry: Revocation, _ hash: [UInt8]
    ) throws(RevocationFault) -> (hash: [UInt8], proof: RevocationProof)? {
        guard case .member(let author) = entry.author,
            let known = subjects[Subject(author: author, target: entry.target)], let proof = proofs[known]
        else { return nil }
        let isWeaker =
            (entry.cutoff, entry.at) == (proof.entry.cutoff, proof.entry.at)
            ? hash.lexicographicallyPrecedes(known) : (entry.cutoff, entry.at) < (proof.entry.cutoff, proof.entry.at)
        guard isWeaker else { throw .superseded }
        return (known, proof)
    }

    private mutating func keep(_ proof: RevocationProof, _ hash: [UInt8]) {
        let entry = proof.entry
        proofs[hash] = proof
        order.insert(hash, at: index(of: hash))
        places[Place(author: entry.author, seq: entry.seq), default: 0] += 1
        counts[entry.author, default: 0] += 1
        if case .member(let author) = entry.author { subjects[Subject(author: author, target: entry.target)] = hash }
        verdicts.add(proof, hash: hash)
    }

    private mutating func remove(_ weaker: (hash: [UInt8], proof: RevocationProof)) {
        let entry = weaker.proof.entry
        proofs[weaker.hash] = nil
        order.remove(at: index(of: weaker.hash))
        let place = Place(author: entry.author, seq: entry.seq)
        places[place] = places[place].flatMap { $0 > 1 ? $0 - 1 : nil }
        counts[entry.author, default: 1] -= 1
        verdicts.remove(entry, hash: weaker.hash)
    }

    /// Where a hash stands, or would.
    private func index(of hash: [UInt8]) -> Int {
        var range = 0..<order.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range =
                order[middle].lexicographicallyPrecedes(hash)
                ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }

    private mutating func refreshHead() {
        head = RevocationHead(count: Int64(order.count), hash: Digest.sha256(Array(order.joined())))
    }

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
}

extension SingleSignatureStatement {
    /// SHA-256 of the canonical bytes, signature included: by it the revocation log names statements.
    public var hash: [UInt8] { Digest.sha256(canonicalBytes()) }
}
