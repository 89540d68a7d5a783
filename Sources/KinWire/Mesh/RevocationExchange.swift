import KinEncoding

/// Asks for the entries of the revocation log that one side lacks, by the hashes it has.
///
/// A frame with the broker; between members the body of a sealed message.
public struct RevocationsGet: Hashable, Sendable {
    /// At most this many hashes fit a header. Of a longer log some are named, and what comes back is partly known.
    public static let maxHashes = 240
    public static let contentType = "application/vnd.kindred.revocations-get+json"

    /// SHA-256 of entries.
    public var have: [[UInt8]]

    public init(have: [[UInt8]]) { self.have = have }

    init(_ fields: inout Fields) throws(WireError) { have = try fields.hashes("have", atMost: 256) }

    /// Reads the body of a sealed message.
    public init(canonical bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseCanonical(bytes), in: "revocations_get")
        try self.init(&fields)
        try fields.end()
    }

    /// The body of a sealed message.
    public func canonicalBytes() -> [UInt8] { JSON.object(members).canonicalBytes() }

    var members: [String: JSON] { ["have": .array(have.map { .hex($0) })] }
}

/// Entries of the revocation log. A frame with the broker; between members the body of a sealed message.
public struct Revocations: Hashable, Sendable {
    public static let contentType = "application/vnd.kindred.revocations+json"
    private static let maxEntries = 16
    /// Leaves room for the rest of a header.
    private static let maxBytes = MeshFrame.maxHeaderBytes - 256

    /// At most 16, and at most what fits a header.
    public var entries: [RevocationProof]

    public init(entries: [RevocationProof]) { self.entries = entries }

    /// As many of them as it takes to carry all of `proofs`.
    public static func carrying(_ proofs: [RevocationProof]) -> [Revocations] {
        var all: [Revocations] = []
        var bytes = 0
        for proof in proofs {
            let size = proof.json.canonicalBytes().count + 1
            if all.isEmpty || all[all.count - 1].entries.count == maxEntries || bytes + size > maxBytes {
                all.append(Revocations(entries: []))
                bytes = 0
            }
            all[all.count - 1].entries.append(proof)
            bytes += size
        }
        return all
    }

    init(_ fields: inout Fields) throws(WireError) {
        var entries: [RevocationProof] = []
        for item in try fields.array("entries", atMost: Self.maxEntries) {
            entries.append(try RevocationProof(json: item))
        }
        self.entries = entries
    }

    /// Reads the body of a sealed message.
    public init(canonical bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseCanonical(bytes), in: "revocations")
        try self.init(&fields)
        try fields.end()
    }

    /// The body of a sealed message.
    public func canonicalBytes() -> [UInt8] { JSON.object(members).canonicalBytes() }

    var members: [String: JSON] { ["entries": .array(entries.map { $0.json })] }
}
