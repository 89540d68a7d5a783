import KinEncoding

/// What the device that calls says of itself, in the payload of the handshake's first message.
public struct LinkOpening: Hashable, Sendable {
    static let domain = "kindred/link/v1"
    public static let nonceBytes = 16

    public var chain: Chain
    public var revocationHead: RevocationHead
    /// 16 random bytes: no two openings are alike.
    public var nonce: [UInt8]
    /// Milliseconds.
    public var time: Int64
    /// nil: a new link.
    public var resume: LinkResumption?

    public init(
        chain: Chain, revocationHead: RevocationHead, nonce: [UInt8], time: Int64, resume: LinkResumption? = nil
    ) {
        self.chain = chain
        self.revocationHead = revocationHead
        self.nonce = nonce
        self.time = time
        self.resume = resume
    }

    public init(canonical bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseCanonical(bytes), in: "link opening")
        try fields.version()
        chain = try fields.chain()
        revocationHead = try fields.revocationHead()
        nonce = try fields.hex("nonce", bytes: Self.nonceBytes)
        time = try fields.time("time")
        resume = try fields.nullable("resume") { fields, name throws(WireError) in
            try LinkResumption(json: fields.take(name))
        }
        try fields.end()
    }

    public func canonicalBytes() -> [UInt8] {
        JSON.object([
            "v": .integer(1), "chain": chain.json, "revocation_head": revocationHead.json, "nonce": .hex(nonce),
            "time": .integer(time), "resume": .orNull(resume) { $0.json },
        ]).canonicalBytes()
    }

    /// What both sides know before the first message: the handshake of another mesh or another machine does not fit.
    ///
    /// `kindred/link/v1`, then the mesh's name and the called device's machine_id, each behind its length as two bytes, big-endian.
    public static func prologue(mesh: MeshID, target: MachineID) -> [UInt8] {
        [mesh.description, target.description].reduce(into: Array(domain.utf8)) { prologue, part in
            prologue += [UInt8(truncatingIfNeeded: part.utf8.count >> 8), UInt8(truncatingIfNeeded: part.utf8.count)]
            prologue += Array(part.utf8)
        }
    }
}

/// Which link is to be continued, and how much of it has come.
public struct LinkResumption: Hashable, Sendable {
    public var link: LinkID
    /// The position up to which everything has come, in bytes (docs/protocol/links.md, "Positions").
    public var receivedThrough: Int64

    public init(link: LinkID, receivedThrough: Int64) {
        self.link = link
        self.receivedThrough = receivedThrough
    }

    init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "resume")
        link = try fields.link()
        receivedThrough = try fields.integer("received_through")
        try fields.end()
    }

    var json: JSON { .object(["link": .text(link), "received_through": .integer(receivedThrough)]) }
}
