import KinEncoding
import KinWire

/// What is kept of blobs beside their bytes, which lie in files. A part of every `BrokerStore`, by the same contract suite.
public protocol BlobStore: Sendable {
    /// Adds a blob, or returns the one of its id in that mesh.
    /// - Parameter room: bytes that the blobs of all meshes may take, each at least `StoredBlob.leastRoom`.
    func addBlob(_ blob: StoredBlob, in mesh: MeshKey, room: Int64) async throws -> BlobAddition

    func blob(_ place: BlobPlace) throws -> StoredBlob?

    /// Notes how far a blob has come: on disk when it returns.
    /// - Parameter expiresAt: milliseconds; nil: never.
    /// - Returns: whether it is there.
    func advanceBlob(_ place: BlobPlace, to offset: Int64, expiresAt: Int64?) async throws -> Bool

    /// - Parameter now: milliseconds: only where it is over by then; an upload may have ended meanwhile. nil: in any case.
    /// - Returns: whether it was removed.
    @discardableResult
    func removeBlob(_ place: BlobPlace, expiredBy now: Int64?) async throws -> Bool

    /// The oldest of those that are over, at most `limit`.
    func expiredBlobs(at now: Int64, limit: Int) throws -> [BlobPlace]

    /// How many there are, and the bytes that are kept for them.
    func blobUsage() throws -> (count: Int, bytes: Int64)
}

/// Where a blob is.
public struct BlobPlace: Hashable, Sendable {
    public var mesh: MeshKey
    public var id: ULID

    public init(mesh: MeshKey, id: ULID) {
        self.mesh = mesh
        self.id = id
    }
}

/// What a server knows of a file: nothing that is in it, nor its name.
public struct StoredBlob: Hashable, Sendable {
    /// What the smallest counts, as a file of its own does on a disk.
    public static let leastRoom: Int64 = 4096

    /// The owner's own choice.
    public var id: ULID
    public var owner: ULID
    /// Who may read it besides.
    public var reader: Destination
    /// Bytes of the sealed file.
    public var size: Int64
    /// How many of them are on disk: whole chunks, or all.
    public var offset: Int64
    /// Kept until its owner deletes it.
    public var isPersistent: Bool
    /// Milliseconds.
    public var createdAt: Int64
    /// Milliseconds: when it is deleted; nil: when its owner does.
    public var expiresAt: Int64?

    public init(
        id: ULID, owner: ULID, reader: Destination, size: Int64, offset: Int64 = 0, isPersistent: Bool,
        createdAt: Int64, expiresAt: Int64?
    ) {
        self.id = id
        self.owner = owner
        self.reader = reader
        self.size = size
        self.offset = offset
        self.isPersistent = isPersistent
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    public var isComplete: Bool { offset == size }

    /// Whether `other` asks for the same.
    public func matches(_ other: StoredBlob) -> Bool {
        id == other.id && owner == other.owner && reader == other.reader && size == other.size
            && isPersistent == other.isPersistent
    }
}

public enum BlobAddition: Hashable, Sendable {
    case added
    /// The id is taken, perhaps by the same request.
    case known(StoredBlob)
    /// All blobs together would take more than they may.
    case noRoom(left: Int64)
}
