import KinEncoding

/// What a sender tells of a file it shared: the body of a sealed message (docs/protocol/files.md, "The message").
public struct SharedFile: Hashable, Sendable {
    public static let contentType = "application/vnd.kindred.file+json"
    public static let maxMessageBytes = 4096

    /// The message's `client_message_id` is the same.
    public var file: ULID
    public var name: FileName
    /// Bytes of plaintext.
    public var size: Int64
    /// Of the whole plaintext: 32 bytes.
    public var sha256: [UInt8]
    /// 32 bytes, for this file alone.
    public var key: [UInt8]
    /// Milliseconds: when its server deletes it; nil: when its owner does.
    public var expiresAt: Int64?
    public var mediaType: String?
    /// The sender's words beside it.
    public var message: String?

    public init(
        file: ULID, name: FileName, size: Int64, sha256: [UInt8], key: [UInt8], expiresAt: Int64?,
        mediaType: String? = nil, message: String? = nil
    ) {
        self.file = file
        self.name = name
        self.size = size
        self.sha256 = sha256
        self.key = key
        self.expiresAt = expiresAt
        self.mediaType = mediaType
        self.message = message
    }

    public init(canonical bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseCanonical(bytes), in: "file")
        try fields.version()
        file = try fields.ulid("file")
        name = try fields.fileName("name")
        size = try fields.integer("size")
        sha256 = try fields.hex("sha256", bytes: 32)
        key = try fields.hex("key", bytes: SealedFileForm.keyBytes)
        expiresAt = try fields.nullable("expires_at") { fields, name throws(WireError) in try fields.time(name) }
        mediaType = try fields.nullable("media_type") { fields, name throws(WireError) in
            try fields.mediaType(name)
        }
        message = try fields.nullable("message") { fields, name throws(WireError) in
            try fields.string(name, maxBytes: Self.maxMessageBytes)
        }
        try fields.end()
    }

    public func canonicalBytes() -> [UInt8] { JSON.object(members).canonicalBytes() }

    private var members: [String: JSON] {
        [
            "v": .integer(1), "file": .text(file), "name": .text(name), "size": .integer(size), "sha256": .hex(sha256),
            "key": .hex(key), "expires_at": .orNull(expiresAt) { .integer($0) },
            "media_type": .orNull(mediaType) { .string($0) }, "message": .orNull(message) { .string($0) },
        ]
    }

    /// The form without `key`, for those whom it is only told to.
    public var shown: JSON { .object(members.filter { $0.key != "key" }) }

    public var form: SealedFileForm { SealedFileForm(size: size) }
}

extension Fields {
    package mutating func fileName(_ name: String) throws(WireError) -> FileName {
        try parsed(name, maxBytes: FileName.maxBytes, as: "a file's name: 1 to 255 bytes without / and controls") {
            FileName($0)
        }
    }

    package mutating func mediaType(_ name: String) throws(WireError) -> String {
        try parsed(name, as: "1 to 128 printable characters") { !$0.isEmpty && isPrintableASCII($0) ? $0 : nil }
    }
}
