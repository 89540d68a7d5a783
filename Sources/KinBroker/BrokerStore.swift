import KinEncoding
import KinWire

/// What the broker keeps on disk. Every implementation passes the contract suite in `KinTesting`.
///
/// Calls may come from any thread. Writes are queued and take effect in the order of the calls; a completion runs once its write is on disk.
public protocol BrokerStore: BlobStore {
    /// 16 random bytes made with the store, the same for as long as it lives.
    var identity: [UInt8] { get }

    /// The highest id a message was given; 0 before the first. Lower than before where an older copy was put back.
    func lastMessageID() throws -> Int64

    /// The highest id of a message that was taken before `time` (milliseconds); 0 where none was.
    func lastMessageID(before time: Int64) throws -> Int64

    /// The meshes and members known, read once at start.
    func loadMeshes() throws -> [StoredMesh]

    /// Adds a mesh, or returns the one that is there.
    func createMesh(_ mesh: MeshID, now: Int64) async throws -> MeshKey

    /// Keeps a member's chain, replacing an earlier one.
    func put(_ chain: Chain, in mesh: MeshKey)

    /// Keeps entries of the revocation log, and drops what waits for the members they revoke.
    func put(
        _ revocations: [RevocationProof], replacing old: [RevocationProof], droppingQueuesOf members: [ULID],
        in mesh: MeshKey)

    /// Keeps successions of a mesh, in place of those kept before. What was queued earlier is committed when `completion` runs, with whether
    /// they are on disk.
    func put(_ handovers: [Handover], in mesh: MeshKey, completion: @escaping @Sendable (Bool) -> Void)

    /// Keeps the settings of a mesh, in place of those kept before. `completion` runs with whether they are on disk.
    func put(_ settings: SettingsProof, in mesh: MeshKey, completion: @escaping @Sendable (Bool) -> Void)

    /// Changes a topic, making it where it is new, and removing it where it is over. `completion` runs with whether that is on disk.
    func put(_ change: TopicChange, in mesh: MeshKey, completion: @escaping @Sendable (Bool) -> Void)

    /// Takes a batch of sends from one session in one transaction, in order. `completion` gets one answer for each.
    ///
    /// An id known for that mesh and sender is answered from the store, and `known` is told. For any other `admit` is asked; nil admits. Both are called
    /// inside the transaction, each send in its turn.
    /// - Parameter wary: ids are looked up before anything is written: what is refused then costs the disk nothing. For whom that happened just before.
    /// Where the batch cannot be stored, `completion` is called before any later batch is looked at.
    func accept(
        _ batch: [Submission], from sender: ULID, in mesh: MeshKey, wary: Bool, now: Int64,
        known: @escaping @Sendable (Submission) -> Void,
        admit: @escaping @Sendable (Submission) -> Refusal?,
        completion: @escaping @Sendable ([Acceptance]) -> Void)

    /// Messages for `recipient` of one priority after `position`, oldest first, until `limit` messages or `maxBytes` (at least one): those sent to it,
    /// and the posts of `topics` that others made.
    func pending(
        for recipient: ULID, in mesh: MeshKey, priority: Priority, topics: [Subscription], after position: Int64,
        limit: Int, maxBytes: Int
    ) throws -> [StoredMessage]

    /// A conversation read back, newest first: what has no body any more is left out.
    func history(_ query: HistoryQuery, in mesh: MeshKey) throws -> HistoryPage

    /// Up to which message `recipient` has acknowledged everything, for each priority (by rank).
    func positions(of recipient: ULID, in mesh: MeshKey) throws -> [Int64]

    /// Moves those positions. `current` is read when the write happens; it need not sync by itself, for losing it costs only a repeat.
    func advance(_ recipient: ULID, in mesh: MeshKey, current: @escaping @Sendable () -> [Int64])

    /// Whether sends can be stored now: writes something to the disk.
    /// - Throws: where they cannot.
    func checkWritable() async throws

    /// Finishes what is queued.
    func close()
}

extension BrokerStore {
    /// For whom what is known already changes nothing.
    public func accept(
        _ batch: [Submission], from sender: ULID, in mesh: MeshKey, wary: Bool, now: Int64,
        admit: @escaping @Sendable (Submission) -> Refusal?,
        completion: @escaping @Sendable ([Acceptance]) -> Void
    ) {
        accept(
            batch, from: sender, in: mesh, wary: wary, now: now, known: { _ in }, admit: admit, completion: completion)
    }
}

/// A store's own name of a mesh.
public struct MeshKey: Hashable, Sendable {
    public let rowID: Int64

    public init(rowID: Int64) { self.rowID = rowID }
}

public struct StoredMesh: Sendable {
    public var key: MeshKey
    public var mesh: MeshID
    public var chains: [Chain]
    public var revocations: [RevocationProof]
    /// The first that came, then a rival of it.
    public var handovers: [Handover]
    /// The newest that an owner signed.
    public var settings: SettingsProof?
    public var topics: [StoredTopic]

    public init(
        key: MeshKey, mesh: MeshID, chains: [Chain] = [], revocations: [RevocationProof] = [],
        handovers: [Handover] = [], settings: SettingsProof? = nil, topics: [StoredTopic] = []
    ) {
        self.key = key
        self.mesh = mesh
        self.chains = chains
        self.revocations = revocations
        self.handovers = handovers
        self.settings = settings
        self.topics = topics
    }
}

/// A send as it came, with its sealed body.
public struct Submission: Sendable {
    public var send: Send
    public var body: [UInt8]

    public init(send: Send, body: [UInt8]) {
        self.send = send
        self.body = body
    }
}

/// Why a send is not taken.
public struct Refusal: Error, Hashable, Sendable {
    public var code: String
    public var retryable: Bool
    public var storedFingerprint: [UInt8]?
    /// Milliseconds.
    public var retryAfter: Int64?

    public init(_ code: String, retryable: Bool, storedFingerprint: [UInt8]? = nil, retryAfter: Int64? = nil) {
        self.code = code
        self.retryable = retryable
        self.storedFingerprint = storedFingerprint
        self.retryAfter = retryAfter
    }

    public static let outOfOrder = Refusal("out_of_order", retryable: true)
    public static let unknownMember = Refusal("unknown_member", retryable: true)
    public static let memberRevoked = Refusal("member_revoked", retryable: false)
    public static let expired = Refusal("expired", retryable: false)
    public static let tooLarge = Refusal("too_large", retryable: false)
    /// There is none that the sender is in.
    public static let unknownTopic = Refusal("unknown_topic", retryable: false)
    public static let epochMissing = Refusal("epoch_missing", retryable: false)
    /// Somebody who has that key has left since: a newer one is needed.
    public static let epochStale = Refusal("epoch_stale", retryable: true)
    public static let epochAhead = Refusal("epoch_ahead", retryable: false)
    /// A new wallet took over: what waits is sent in its mesh.
    public static let meshSucceeded = Refusal("mesh_succeeded", retryable: true)
    public static let storageFull = Refusal("storage_full", retryable: true)
    public static let storageFailed = Refusal("storage_failed", retryable: true)

    /// More sends than a member may make outside a session.
    public static func rateLimited(after milliseconds: Int64) -> Refusal {
        Refusal("rate_limited", retryable: true, retryAfter: milliseconds)
    }

    /// The id is known with another request behind it.
    public static func reused(stored fingerprint: [UInt8]) -> Refusal {
        Refusal("idempotency_key_reused", retryable: false, storedFingerprint: Array(fingerprint.prefix(8)))
    }
}

/// What became of a send.
public enum Acceptance: Hashable, Sendable {
    case stored(id: Int64)
    case duplicate(id: Int64, firstSeenAt: Int64)
    case refused(Refusal)

    var isRefusal: Bool { if case .refused = self { true } else { false } }
}

/// A message as the store holds it.
public struct StoredMessage: Hashable, Sendable {
    public var push: Push
    public var expiresAt: Int64?
    public var body: [UInt8]

    public init(push: Push, expiresAt: Int64?, body: [UInt8]) {
        self.push = push
        self.expiresAt = expiresAt
        self.body = body
    }
}
