import KinBroker
import KinCrypto
import KinEncoding
import KinWire
import Synchronization

/// One store under test, with a mesh, two senders and a recipient.
final class StoreBench: Sendable {
    static let now = TestClock.start

    private let folder: TemporaryFolder
    private let open: BrokerStoreContract.Open
    private let current: Mutex<any BrokerStore>
    let meshID: MeshID
    let mesh: MeshKey
    let alice = ULID(milliseconds: 1, randomness: Random.bytes(10))
    let bob = ULID(milliseconds: 2, randomness: Random.bytes(10))
    let carol = ULID(milliseconds: 3, randomness: Random.bytes(10))

    let isWary: Bool

    init(open: @escaping BrokerStoreContract.Open, isWary: Bool) async throws {
        self.isWary = isWary
        folder = try TemporaryFolder()
        self.open = open
        let store = try open(folder.path)
        current = Mutex(store)
        meshID = .home(of: try WalletAddress(bytes: Random.bytes(32)).orThrow("wallet"))
        mesh = try await store.createMesh(meshID, now: Self.now)
    }

    var store: any BrokerStore { current.withLock { $0 } }

    /// Closes the store and opens it again, as a restart does.
    func reopen() throws {
        store.close()
        let next = try open(folder.path)
        current.withLock { $0 = next }
    }

    func submission(
        _ id: String, to recipient: ULID? = nil, priority: Priority = .next, seq: Int64 = 1, fingerprint: UInt8 = 1,
        body: [UInt8] = [1, 2, 3], expiresAt: Int64? = nil
    ) throws -> Submission {
        Submission(
            send: Send(
                clientMessageID: try ClientMessageID(id).orThrow("id"),
                requestFingerprint: [UInt8](repeating: fingerprint, count: 32),
                line: [1, 2, 3, 4, 5, 6, 7, 8], seq: seq, destination: .dm(recipient ?? carol), priority: priority,
                expiresAt: expiresAt),
            body: body)
    }

    func accept(
        _ batch: [Submission], from sender: ULID? = nil, in mesh: MeshKey? = nil, now: Int64 = StoreBench.now,
        wary: Bool? = nil, admit: @escaping @Sendable (Submission) -> Refusal? = { _ in nil },
        known: @escaping @Sendable (Submission) -> Void = { _ in }
    ) async -> [Acceptance] {
        await withCheckedContinuation { continuation in
            store.accept(
                batch, from: sender ?? alice, in: mesh ?? self.mesh, wary: wary ?? isWary, now: now, known: known,
                admit: admit
            ) {
                continuation.resume(returning: $0)
            }
        }
    }

    /// Stores messages that must be taken, and returns their ids.
    @discardableResult
    func storeAll(_ batch: [Submission], from sender: ULID? = nil) async throws -> [Int64] {
        try await accept(batch, from: sender).map { acceptance in
            guard case .stored(let id) = acceptance else {
                throw ContractViolation(description: "a new send was not stored: \(acceptance)")
            }
            return id
        }
    }

    func pending(
        for recipient: ULID? = nil, in mesh: MeshKey? = nil, _ priority: Priority = .next, after position: Int64 = 0,
        topics: [Subscription] = [], limit: Int = 1000, maxBytes: Int = 1 << 20
    ) throws -> [StoredMessage] {
        try store.pending(
            for: recipient ?? carol, in: mesh ?? self.mesh, priority: priority, topics: topics, after: position,
            limit: limit, maxBytes: maxBytes)
    }

    /// A post of a topic.
    func post(
        _ id: String, to topic: TopicName, epoch: Int64 = 1, priority: Priority = .next, seq: Int64 = 1,
        body: [UInt8] = [1, 2, 3]
    ) throws -> Submission {
        var post = try submission(id, priority: priority, seq: seq, body: body)
        post.send.destination = .topic(topic)
        post.send.epoch = Epoch(counter: epoch, minter: alice)
        return post
    }

    /// Changes a topic, and says whether that is on disk.
    func change(_ change: TopicChange) async -> Bool {
        await withCheckedContinuation { continuation in
            store.put(change, in: mesh) { continuation.resume(returning: $0) }
        }
    }

    /// Moves positions, and waits until they are stored: writes take effect in order.
    func advance(to positions: [Int64], for recipient: ULID? = nil) async {
        store.advance(recipient ?? carol, in: mesh) { positions }
        await flush()
    }

    /// Waits until every earlier write took effect.
    func flush() async { _ = await accept([]) }

    /// A succession of this bench's mesh; stores keep them without judging signatures.
    func handover() throws -> Handover {
        let succession = Succession(
            mesh: meshID, successor: try WalletAddress(bytes: Random.bytes(32)).orThrow("wallet"), member: alice,
            at: Self.now, oldSignature: Random.bytes(64), newSignature: Random.bytes(64),
            memberSignature: Random.bytes(64))
        return Handover(succession: succession, owner: try chain(of: alice))
    }

    /// The list of a private topic of this bench's mesh; stores keep it without judging signatures.
    func topicProof(_ topic: TopicName, seq: Int64) throws -> TopicProof {
        let list = TopicList(
            mesh: meshID, topic: topic, creator: alice, seq: seq, members: [alice, carol], member: alice, at: Self.now,
            signature: Random.bytes(64))
        return TopicProof(list: list, signer: try chain(of: alice))
    }

    /// Settings of this bench's mesh; stores keep them without judging signatures.
    func settings(seq: Int64) throws -> SettingsProof {
        let settings = MeshSettings(
            mesh: meshID, seq: seq, concurrentPolicy: .preferOldest, member: alice, at: Self.now,
            signature: Random.bytes(64))
        return SettingsProof(settings: settings, owner: try chain(of: alice))
    }

    /// A chain in this bench's mesh; stores keep chains without judging signatures.
    func chain(of member: ULID, issuedAt: Int64 = StoreBench.now, rotations: Int = 0) throws -> Chain {
        let certificate = Certificate(
            mesh: meshID, member: member, machineID: try MachineID("0123456789abcdef").orThrow("machine id"),
            ed25519: Random.bytes(32), x25519: Random.bytes(32), role: .owner, issuedAt: issuedAt, issuer: .wallet,
            signature: Random.bytes(64))
        let rotated = (0..<rotations).map { index in
            Rotation(
                mesh: meshID, member: member, seq: Int64(index) + 1, oldEd25519: Random.bytes(32),
                newEd25519: Random.bytes(32), newX25519: Random.bytes(32), at: issuedAt,
                oldSignature: Random.bytes(64), newSignature: Random.bytes(64))
        }
        return Chain(certificate: certificate, rotations: rotated)
    }
}

/// What happened, in order, told from any thread.
final class Journal<Entry: Sendable>: Sendable {
    private let list = Mutex<[Entry]>([])

    func add(_ entry: Entry) { list.withLock { $0.append(entry) } }

    var entries: [Entry] { list.withLock { $0 } }
}
