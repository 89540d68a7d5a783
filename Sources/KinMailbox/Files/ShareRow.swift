import KinEncoding
import KinWire

/// A file this device shares, as `files.db` holds it.
public struct ShareRow: Hashable, Sendable {
    public enum Status: String, Hashable, Sendable {
        /// Not yet whole at the server, or its message not in the outbox.
        case waiting
        /// Its message is in the outbox.
        case sent
        /// It cannot be shared any more; `lastError` says why.
        case dead
        /// Its owner deleted it at the server.
        case deleted
    }

    /// Which file it was when it was shared: anything else is another.
    public struct Source: Hashable, Sendable {
        /// Absolute.
        public var path: String
        public var size: Int64
        public var device: Int64
        public var inode: Int64
        /// Nanoseconds since 1970.
        public var modifiedAt: Int64

        public init(path: String, size: Int64, device: Int64, inode: Int64, modifiedAt: Int64) {
            self.path = path
            self.size = size
            self.device = device
            self.inode = inode
            self.modifiedAt = modifiedAt
        }
    }

    public var id: ULID
    public var destination: Destination
    public var source: Source
    public var name: FileName
    /// 32 bytes; empty once the file is at the server no more.
    public var key: [UInt8]
    /// Of the whole, once it was read.
    public var sha256: [UInt8]?
    public var mediaType: String?
    public var message: String?
    public var isPersistent: Bool
    public var status = Status.waiting
    /// Milliseconds, as all times here.
    public var createdAt: Int64
    public var attempts: Int64 = 0
    public var nextAttemptAt: Int64?
    public var lastError: String?
    /// When the server deletes it; known once it is whole there.
    public var expiresAt: Int64?
    /// When it was whole at the server.
    public var uploadedAt: Int64?
    public var finishedAt: Int64?
    /// Since when it is tried: where the server lost it, since that was seen.
    public var triedSince: Int64 { finishedAt ?? createdAt }
    /// The server had it, and lost it.
    public var isBroughtAgain: Bool { status == .waiting && finishedAt != nil }

    public init(
        id: ULID, destination: Destination, source: Source, name: FileName, key: [UInt8], mediaType: String? = nil,
        message: String? = nil, isPersistent: Bool = false, createdAt: Int64
    ) {
        self.id = id
        self.destination = destination
        self.source = source
        self.name = name
        self.key = key
        self.mediaType = mediaType
        self.message = message
        self.isPersistent = isPersistent
        self.createdAt = createdAt
    }
}
