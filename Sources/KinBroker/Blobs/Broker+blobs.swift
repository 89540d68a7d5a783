import KinEncoding
import KinWire

// Who may do what with blobs (docs/protocol/files.md, "The server").

extension Broker {
    /// What a member asks for who shares a file.
    public struct BlobRequest: Hashable, Sendable {
        public var id: ULID
        public var size: Int64
        public var reader: Destination
        public var isPersistent: Bool

        public init(id: ULID, size: Int64, reader: Destination, isPersistent: Bool) {
            self.id = id
            self.size = size
            self.reader = reader
            self.isPersistent = isPersistent
        }
    }

    /// What a member would do with a blob.
    public enum BlobUse: Hashable, Sendable {
        /// As its owner.
        case change
        /// As its owner, or who was named.
        case read
    }

    /// Makes room for a blob; a repeat of the same request finds what is there.
    /// - Throws: `Refusal`: `too_large`, `blob_size_invalid`, `unknown_member`, `member_revoked`, `not_in_topic`, `mesh_succeeded`, `blob_exists`, `blobs_full`; or where
    /// the store cannot be written.
    public func createBlob(_ wanted: BlobRequest, by owner: MeshMember) async throws -> (blob: StoredBlob, isNew: Bool)
    {
        guard let hub = knownHub(owner.mesh) else { throw Refusal.unknownMember }
        if let refusal = refusal(of: wanted, by: owner.member, hub) { throw refusal }
        let now = now()
        let blob = StoredBlob(
            id: wanted.id, owner: owner.member, reader: wanted.reader, size: wanted.size,
            isPersistent: wanted.isPersistent, createdAt: now, expiresAt: now + policy.blobs.unfinished)
        switch try await store.addBlob(blob, in: hub.key, room: policy.blobs.total) {
        case .added: return (blob, true)
        case .known(let known) where known.matches(blob): return (known, false)
        case .known: throw Refusal.blobExists
        case .noRoom: throw Refusal.blobsFull
        }
    }

    private func refusal(of wanted: BlobRequest, by owner: ULID, _ hub: MeshHub) -> Refusal? {
        if wanted.size > policy.blobBytes { return .tooLarge }
        guard SealedFileForm.isSealedSize(wanted.size) else { return .blobSizeInvalid }
        if hub.isClosed { return .meshSucceeded }
        switch wanted.reader {
        case .dm(let member):
            return switch hub.standing(of: member) {
            case .member: nil
            case .revoked: .memberRevoked
            case .unknown: .unknownMember
            }
        case .topic(let topic): return hub.isMember(owner, of: topic) ? nil : .notInTopic
        }
    }

    /// A blob that a member may use so.
    /// - Throws: `Refusal` `unknown_blob`, also for what is another's: nobody learns of it; or where the store cannot be read.
    public func blob(_ id: ULID, for member: MeshMember, to use: BlobUse) throws -> (place: BlobPlace, blob: StoredBlob)
    {
        guard let hub = knownHub(member.mesh) else { throw Refusal.unknownBlob }
        let place = BlobPlace(mesh: hub.key, id: id)
        guard let blob = try store.blob(place), blob.expiresAt.map({ $0 > now() }) ?? true,
            blob.owner == member.member || use == .read && hub.mayRead(blob, member.member)
        else { throw Refusal.unknownBlob }
        return (place, blob)
    }

    /// Notes how far a blob has come; once it is whole its time is that of messages.
    /// - Returns: the blob as it is then.
    /// - Throws: `Refusal` `unknown_blob` where it was deleted meanwhile.
    public func advance(_ blob: StoredBlob, at place: BlobPlace, to offset: Int64) async throws -> StoredBlob {
        var blob = blob
        blob.offset = offset
        if blob.isComplete { blob.expiresAt = blob.isPersistent ? nil : now() + policy.blobs.retention }
        guard try await store.advanceBlob(place, to: offset, expiresAt: blob.expiresAt) else {
            throw Refusal.unknownBlob
        }
        return blob
    }
}

extension MeshHub {
    func mayRead(_ blob: StoredBlob, _ member: ULID) -> Bool {
        switch blob.reader {
        case .dm(let reader): reader == member
        case .topic(let topic): isMember(member, of: topic)
        }
    }
}

extension Refusal {
    public static let unknownBlob = Refusal("unknown_blob", retryable: false)
    public static let blobExists = Refusal("blob_exists", retryable: false)
    public static let blobSizeInvalid = Refusal("blob_size_invalid", retryable: false)
    public static let notInTopic = Refusal("not_in_topic", retryable: false)
    /// All blobs together take what they may.
    public static let blobsFull = Refusal("blobs_full", retryable: true)
}

extension BrokerPolicy {
    /// How long blobs are kept, and how many bytes.
    public struct Blobs: Hashable, Sendable {
        /// Bytes of all together: 20 GiB.
        public static let defaultTotal: Int64 = 20 << 30

        public var total: Int64
        /// Milliseconds: an upload that is not finished by then is dropped.
        public var unfinished: Int64
        /// Milliseconds: a finished one is kept as long as a message.
        public var retention: Int64

        public init(
            total: Int64 = defaultTotal, unfinished: Int64 = 86_400_000, retention: Int64 = 30 * 86_400_000
        ) {
            self.total = total
            self.unfinished = unfinished
            self.retention = retention
        }
    }
}
