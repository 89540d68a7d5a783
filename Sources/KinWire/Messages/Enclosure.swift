import KinEncoding

/// Where the content of a message lies that is too large for its frame: the body of that message
/// (docs/protocol/files.md, "Messages that do not fit").
public struct Enclosure: Hashable, Sendable {
    public static let contentType = "application/vnd.kindred.enclosed+json"
    /// Of plaintext. What a daemon takes in one request is at most half of it.
    public static let maxBytes: Int64 = 2 << 20

    /// The blob's id.
    public var file: ULID
    /// Bytes of plaintext.
    public var size: Int64
    /// Of the whole plaintext: 32 bytes.
    public var sha256: [UInt8]
    /// 32 bytes, for this content alone.
    public var key: [UInt8]

    public init(file: ULID, size: Int64, sha256: [UInt8], key: [UInt8]) {
        self.file = file
        self.size = size
        self.sha256 = sha256
        self.key = key
    }

    public init(canonical bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseCanonical(bytes), in: "enclosure")
        try fields.version()
        file = try fields.ulid("file")
        size = try fields.integer("size", from: 1, to: Self.maxBytes)
        sha256 = try fields.hex("sha256", bytes: 32)
        key = try fields.hex("key", bytes: SealedFileForm.keyBytes)
        try fields.end()
    }

    public func canonicalBytes() -> [UInt8] {
        JSON.object([
            "v": .integer(1), "file": .text(file), "size": .integer(size), "sha256": .hex(sha256), "key": .hex(key),
        ]).canonicalBytes()
    }
}

/// What lies there: everything of the message that may be large.
public struct EnclosedContent: Hashable, Sendable {
    public var contentType: String
    /// An object of the application's own.
    public var meta: JSON?
    public var body: String

    public init(contentType: String, meta: JSON?, body: String) {
        self.contentType = contentType
        self.meta = meta
        self.body = body
    }

    public init(canonical bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseCanonical(bytes), in: "content")
        try fields.version()
        contentType = try fields.parsed("content_type", as: "1 to 128 printable characters, and not the daemons' own") {
            !$0.isEmpty && isPrintableASCII($0) && !$0.hasPrefix(Self.daemonsOwn) ? $0 : nil
        }
        meta = try fields.nullable("meta") { fields, name throws(WireError) in try fields.meta(name) }
        body = try fields.string("body", maxBytes: .max)
        try fields.end()
    }

    /// What daemons say to each other, and of files, is never enclosed.
    public static let daemonsOwn = "application/vnd.kindred."

    public func canonicalBytes() -> [UInt8] {
        JSON.object([
            "v": .integer(1), "content_type": .string(contentType), "meta": meta ?? .null, "body": .string(body),
        ]).canonicalBytes()
    }
}
