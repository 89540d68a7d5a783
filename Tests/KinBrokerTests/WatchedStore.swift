import KinBroker
import KinEncoding
import KinWire

/// A store whose reading may fail, or take its time.
struct WatchedStore: BrokerStore {
    enum Reading { case pending, history, positions }

    struct Blind: Error {}

    let store: any BrokerStore
    /// Called before each reading.
    let onReading: @Sendable (Reading) throws -> Void

    var identity: [UInt8] { store.identity }
    func lastMessageID() throws -> Int64 { try store.lastMessageID() }
    func lastMessageID(before time: Int64) throws -> Int64 { try store.lastMessageID(before: time) }
    func loadMeshes() throws -> [StoredMesh] { try store.loadMeshes() }
    func createMesh(_ mesh: MeshID, now: Int64) async throws -> MeshKey { try await store.createMesh(mesh, now: now) }
    func put(_ chain: Chain, in mesh: MeshKey) { store.put(chain, in: mesh) }
    func put(
        _ revocations: [RevocationProof], replacing old: [RevocationProof], droppingQueuesOf members: [ULID],
        in mesh: MeshKey
    ) { store.put(revocations, replacing: old, droppingQueuesOf: members, in: mesh) }
    func put(_ handovers: [Handover], in mesh: MeshKey, completion: @escaping @Sendable (Bool) -> Void) {
        store.put(handovers, in: mesh, completion: completion)
    }
    func put(_ settings: SettingsProof, in mesh: MeshKey, completion: @escaping @Sendable (Bool) -> Void) {
        store.put(settings, in: mesh, completion: completion)
    }
    func put(_ change: TopicChange, in mesh: MeshKey, completion: @escaping @Sendable (Bool) -> Void) {
        store.put(change, in: mesh, completion: completion)
    }
    func accept(
        _ batch: [Submission], from sender: ULID, in mesh: MeshKey, wary: Bool, now: Int64,
        known: @escaping @Sendable (Submission) -> Void,
        admit: @escaping @Sendable (Submission) -> Refusal?,
        completion: @escaping @Sendable ([Acceptance]) -> Void
    ) {
        store.accept(
            batch, from: sender, in: mesh, wary: wary, now: now, known: known, admit: admit, completion: completion)
    }
    func pending(
        for recipient: ULID, in mesh: MeshKey, priority: Priority, topics: [Subscription], after position: Int64,
        limit: Int, maxBytes: Int
    ) throws -> [StoredMessage] {
        try onReading(.pending)
        return try store.pending(
            for: recipient, in: mesh, priority: priority, topics: topics, after: position, limit: limit,
            maxBytes: maxBytes)
    }
    func history(_ query: HistoryQuery, in mesh: MeshKey) throws -> HistoryPage {
        try onReading(.history)
        return try store.history(query, in: mesh)
    }
    func positions(of recipient: ULID, in mesh: MeshKey) throws -> [Int64] {
        try onReading(.positions)
        return try store.positions(of: recipient, in: mesh)
    }
    func advance(_ recipient: ULID, in mesh: MeshKey, current: @escaping @Sendable () -> [Int64]) {
        store.advance(recipient, in: mesh, current: current)
    }
    func addBlob(_ blob: StoredBlob, in mesh: MeshKey, room: Int64) async throws -> BlobAddition {
        try await store.addBlob(blob, in: mesh, room: room)
    }
    func blob(_ place: BlobPlace) throws -> StoredBlob? { try store.blob(place) }
    func advanceBlob(_ place: BlobPlace, to offset: Int64, expiresAt: Int64?) async throws -> Bool {
        try await store.advanceBlob(place, to: offset, expiresAt: expiresAt)
    }
    func removeBlob(_ place: BlobPlace, expiredBy now: Int64?) async throws -> Bool {
        try await store.removeBlob(place, expiredBy: now)
    }
    func expiredBlobs(at now: Int64, limit: Int) throws -> [BlobPlace] {
        try store.expiredBlobs(at: now, limit: limit)
    }
    func blobUsage() throws -> (count: Int, bytes: Int64) { try store.blobUsage() }
    func checkWritable() async throws { try await store.checkWritable() }
    func close() { store.close() }
}
