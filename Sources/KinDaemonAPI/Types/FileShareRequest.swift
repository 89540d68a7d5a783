import KinEncoding
import KinWire

/// The body of `POST /v1/file/share`.
public struct FileShareRequest: Hashable, Sendable {
    /// Of a regular file on the daemon's machine, absolute.
    public var path: String
    /// A device's name or member id, # and a topic's name, or `all`.
    public var to: String
    /// Words beside it, at most `SharedFile.maxMessageBytes`.
    public var message: String?
    /// Such as `application/pdf`.
    public var mediaType: String?
    /// Kept at the server until it is deleted.
    public var isPersistent: Bool

    public init(
        path: String, to: String, message: String? = nil, mediaType: String? = nil, isPersistent: Bool = false
    ) {
        self.path = path
        self.to = to
        self.message = message
        self.mediaType = mediaType
        self.isPersistent = isPersistent
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            FileShareRequest(
                path: try fields.string("path", maxBytes: 4096),
                to: try fields.given("to") { fields, name throws(WireError) in
                    try fields.string(name, maxBytes: 128)
                } ?? "all",
                message: try fields.given("message") { fields, name throws(WireError) in
                    try fields.string(name, maxBytes: SharedFile.maxMessageBytes)
                },
                mediaType: try fields.given("media_type") { fields, name throws(WireError) in
                    try fields.mediaType(name)
                },
                isPersistent: try fields.given("persistent") { fields, name throws(WireError) in
                    try fields.bool(name)
                } ?? false)
        }
    }

    public var json: JSON {
        let members: [String: JSON] = [
            "path": .string(path), "to": .string(to), "persistent": .bool(isPersistent),
        ]
        return .object(
            members.adding("message", message) { .string($0) }.adding("media_type", mediaType) { .string($0) })
    }
}

/// The body of `POST /v1/file/delete`.
public struct FileDeletion: Hashable, Sendable {
    public var id: ULID

    public init(id: ULID) { self.id = id }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in FileDeletion(id: try fields.ulid("id")) }
    }

    public var json: JSON { .object(["id": .text(id)]) }
}

extension FileShareRequest {
    public static let schema = Schema.object(
        "FileShareRequest",
        [
            .required("path", .filePath, "Of a regular file on the daemon's machine."),
            .optional(
                "to", Schema.recipient.orNull, "A device's name or member id, # and a topic's name; all unless said."),
            .optional("message", Schema.text.orNull, "Words beside it, at most \(SharedFile.maxMessageBytes) bytes."),
            .optional("media_type", Schema.mediaType.orNull), .optional("persistent", Schema.bool.orNull),
        ])
}

extension FileDeletion {
    public static let schema = Schema.object("FileDeletion", [.required("id", .ulid)])
}
