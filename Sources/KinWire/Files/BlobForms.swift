import KinEncoding

/// The body of `POST /v1/blobs` at a server: room for a sealed file (docs/protocol/files.md, "The server").
public struct BlobCreation: Hashable, Sendable {
    public var blob: ULID
    /// Bytes of the sealed file.
    public var size: Int64
    /// Who may read it besides its owner.
    public var reader: Destination
    /// Kept until its owner deletes it.
    public var isPersistent: Bool

    public init(blob: ULID, size: Int64, reader: Destination, isPersistent: Bool) {
        self.blob = blob
        self.size = size
        self.reader = reader
        self.isPersistent = isPersistent
    }

    /// Reads any valid JSON of this form.
    public init(json bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseAny(bytes), in: "blob")
        blob = try fields.ulid("blob")
        size = try fields.integer("size")
        reader = try Destination(json: fields.take("to"))
        isPersistent = try fields.bool("persistent")
        try fields.end()
    }

    public func canonicalBytes() -> [UInt8] {
        JSON.object([
            "blob": .text(blob), "size": .integer(size), "to": reader.json, "persistent": .bool(isPersistent),
        ]).canonicalBytes()
    }
}

/// How far a blob has come, as a server answers.
public struct BlobState: Hashable, Sendable {
    public var blob: ULID
    /// Bytes of the sealed file.
    public var size: Int64
    /// How many of them the server has on disk.
    public var offset: Int64
    /// Milliseconds: when the server deletes it; nil: when its owner does.
    public var expiresAt: Int64?

    public init(blob: ULID, size: Int64, offset: Int64, expiresAt: Int64?) {
        self.blob = blob
        self.size = size
        self.offset = offset
        self.expiresAt = expiresAt
    }

    public init(json bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseAny(bytes), in: "blob")
        blob = try fields.ulid("blob")
        size = try fields.integer("size")
        offset = try fields.integer("offset", to: size)
        expiresAt = try fields.nullable("expires_at") { fields, name throws(WireError) in try fields.time(name) }
        try fields.end()
    }

    public var json: JSON {
        .object([
            "blob": .text(blob), "size": .integer(size), "offset": .integer(offset),
            "expires_at": .orNull(expiresAt) { .integer($0) },
        ])
    }
}

/// JSON in whatever form.
private func parseAny(_ bytes: [UInt8]) throws(WireError) -> JSON {
    do { return try JSON.parse(bytes) } catch { throw .invalid(error.message) }
}
