import KinEncoding
import KinWire

/// A file that was shared or received, as `GET /v1/file/list` and the event `file_shared` show it. Times are milliseconds.
public struct FileInfo: Hashable, Sendable {
    public enum Direction: String, CaseIterable, Hashable, Sendable {
        case sent, received
    }

    public enum Status: String, CaseIterable, Hashable, Sendable {
        // Of a file that is sent.
        /// On this machine's disk as a task; it goes on by itself.
        case waiting
        case uploading
        /// Whole at the server; its message is as a message of that status: on this machine's disk, the broker's, the recipient's.
        case queued, relayed, delivered, read
        /// Its message came, and its recipient did not take it.
        case refused
        /// It will never be shared.
        case dead
        case deleted
        // Of a file that was received.
        case available
        case downloading
        /// Its time at the server is over.
        case expired
        /// The server did not have it when it was fetched last.
        case gone

        /// Whether it is whole at the server, and its message under way or there.
        public var isShared: Bool { [.queued, .relayed, .delivered, .read].contains(self) }
    }

    public var id: ULID
    public var direction: Direction
    public var name: FileName
    /// Bytes.
    public var size: Int64
    public var status: Status
    /// Bytes that came through of an upload or download under way.
    public var transferred: Int64
    /// The other device's name; or # and the topic it was shared with.
    public var peer: String
    /// nil: a topic.
    public var peerMember: ULID?
    /// With which topic it was shared; nil: with one device.
    public var topic: TopicName?
    public var message: String?
    public var mediaType: String?
    public var createdAt: Int64
    /// When its server deletes it; nil: not known yet, or when its owner does.
    public var expiresAt: Int64?
    public var lastError: String?
    public var nextAttemptAt: Int64?

    public init(
        id: ULID, direction: Direction, name: FileName, size: Int64, status: Status, transferred: Int64 = 0,
        peer: String, peerMember: ULID?, message: String? = nil, mediaType: String? = nil, createdAt: Int64,
        expiresAt: Int64? = nil, lastError: String? = nil, nextAttemptAt: Int64? = nil
    ) {
        self.id = id
        self.direction = direction
        self.name = name
        self.size = size
        self.status = status
        self.transferred = transferred
        self.peer = peer
        self.peerMember = peerMember
        self.message = message
        self.mediaType = mediaType
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastError = lastError
        self.nextAttemptAt = nextAttemptAt
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in try FileInfo(&fields) }
    }

    init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "file")
        try self.init(&fields)
        try fields.end()
    }

    init(_ fields: inout Fields) throws(WireError) {
        id = try fields.ulid("id")
        direction = try fields.parsed("direction", as: "sent or received") { Direction(rawValue: $0) }
        name = try fields.fileName("name")
        size = try fields.integer("size")
        status = try fields.parsed("status", as: "a file's status") { Status(rawValue: $0) }
        transferred = try fields.integer("transferred")
        peer = try fields.text("peer")
        peerMember = try fields.given("peer_member") { fields, name throws(WireError) in try fields.ulid(name) }
        topic = try fields.nullable("topic") { fields, name throws(WireError) in try fields.topic(name) }
        message = try fields.givenText("message")
        mediaType = try fields.givenText("media_type")
        createdAt = try fields.time("created_at")
        expiresAt = try fields.givenTime("expires_at")
        lastError = try fields.givenText("last_error")
        nextAttemptAt = try fields.givenTime("next_attempt_at")
    }

    public var json: JSON {
        .object([
            "id": .text(id), "direction": .string(direction.rawValue), "name": .text(name), "size": .integer(size),
            "status": .string(status.rawValue), "transferred": .integer(transferred), "peer": .string(peer),
            "peer_member": .orNull(peerMember) { .text($0) }, "topic": .orNull(topic) { .text($0) },
            "message": .orNull(message) { .string($0) },
            "media_type": .orNull(mediaType) { .string($0) }, "created_at": .integer(createdAt),
            "expires_at": .orNull(expiresAt) { .integer($0) }, "last_error": .orNull(lastError) { .string($0) },
            "next_attempt_at": .orNull(nextAttemptAt) { .integer($0) },
        ])
    }
}

/// `GET /v1/file/list`: the newest first.
public struct FileList: Hashable, Sendable {
    public var files: [FileInfo]
    /// Where the next page starts; nil where this was the last.
    public var cursor: String?

    public init(files: [FileInfo], cursor: String?) {
        self.files = files
        self.cursor = cursor
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            let files = try APIBody.array(fields.array("files", atMost: 1000)) { item throws(WireError) in
                try FileInfo(json: item)
            }
            return FileList(files: files, cursor: try fields.givenText("cursor"))
        }
    }

    public var json: JSON {
        .object(["files": .array(files.map(\.json)), "cursor": .orNull(cursor) { .string($0) }])
    }
}

extension FileInfo {
    public static let schema = Schema.object(
        "FileInfo",
        [
            .required("id", .ulid), .required("direction", .one(of: Direction.self)), .required("name", .fileName),
            .required("size", .count, "Bytes."), .required("status", .one(of: Status.self)),
            .required("transferred", .count, "Bytes that came through of an upload or download under way."),
            .required("peer", .text, "The other device's name; or # and the topic it was shared with."),
            .optional("peer_member", Schema.ulid.orNull),
            .required("topic", Schema.topic.orNull, "With which it was shared; null: with one device."),
            .optional("message", Schema.text.orNull),
            .optional("media_type", Schema.text.orNull), .required("created_at", .time),
            .optional("expires_at", Schema.time.orNull, "When the server deletes it; null: when its owner does."),
            .optional("last_error", Schema.text.orNull), .optional("next_attempt_at", Schema.time.orNull),
        ])
}

extension FileList {
    public static let schema = Schema.object(
        "FileList", [.required("files", .list(FileInfo.schema, atMost: 1000)), .optional("cursor", .cursor)])
}
