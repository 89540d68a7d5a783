import Dispatch
import KinEncoding
import KinMetrics
import KinWire
import Synchronization

/// The durable, blind middle of a mesh: takes sealed messages, keeps them until their recipients have them, and tells members of each other.
public final class Broker: Sendable {
    let store: any BrokerStore
    let verifier: any BrokerVerifier
    let policy: BrokerPolicy
    /// Milliseconds.
    let now: @Sendable () -> Int64
    private let hubs: Mutex<[MeshID: MeshHub]>
    private let acceptedOrigins: Mutex<[String]>
    private let sessions = Mutex<[ObjectIdentifier: BrokerSession]>([:])
    let index: MemberIndex
    let rate = Mutex(MemberRate())
    let historyRate = Mutex(MemberRate(limits: HistoryGate.limits))
    let topicRate = Mutex(MemberRate(limits: TokenBucket.Limits(perSecond: 10, burst: 200)))
    /// Pages of history are read here.
    let historyQueue = DispatchQueue(label: "history")
    let metrics: BrokerMetrics
    private let audit: @Sendable (ConcurrentConnection) -> Void
    let onRefusal: @Sendable (_ code: String) -> Void

    /// - Parameters:
    ///   - audit: told of members that connect while they are connected.
    ///   - onRefusal: told of sessions that were refused before they were ready, by the code of their `error`.
    /// - Throws: where the store cannot be read.
    public init(
        store: any BrokerStore, verifier: any BrokerVerifier, policy: BrokerPolicy,
        now: @escaping @Sendable () -> Int64, metrics: BrokerMetrics = BrokerMetrics(),
        audit: @escaping @Sendable (ConcurrentConnection) -> Void = { _ in },
        onRefusal: @escaping @Sendable (_ code: String) -> Void = { _ in }
    ) throws {
        let audit: @Sendable (ConcurrentConnection) -> Void = { event in
            metrics.concurrent[event.outcome].add()
            audit(event)
        }
        self.metrics = metrics
        self.onRefusal = onRefusal
        self.store = store
        self.verifier = verifier
        self.policy = policy
        self.now = now
        self.audit = audit
        acceptedOrigins = Mutex(policy.origins)
        let index = MemberIndex { verifier.keyID(of: $0) }
        self.index = index
        let known = try store.loadMeshes().map { stored in
            let ledger = verifier.ledger(for: stored.mesh, holding: stored.revocations)
            return (
                stored.mesh,
                MeshHub(
                    stored, store: store, ledger: ledger, index: index, defaultPolicy: policy.defaultPolicy, now: now,
                    audit: audit)
            )
        }
        hubs = Mutex(Dictionary(known) { first, _ in first })
    }

    /// Replaces the names under which daemons may have dialled this server.
    public func accept(origins: [String]) { acceptedOrigins.withLock { $0 = origins } }

    /// The names under which daemons may have dialled this server.
    public var origins: [String] { acceptedOrigins.withLock { $0 } }

    /// The largest WebSocket message a daemon may send.
    public var maxFrameBytes: Int { policy.maxFrameBytes }

    /// Starts a session on a fresh connection: sends the challenge.
    public func open(_ sink: any FrameSink) -> BrokerSession {
        let session = BrokerSession(broker: self, sink: sink)
        sessions.withLock { $0[ObjectIdentifier(session)] = session }
        session.start()
        return session
    }

    /// Repeats what was not acknowledged in time and ends openings that take too long. Call about once a second.
    public func tick() {
        let time = now()
        for session in everySession { session.tick(time) }
        for hub in hubs.withLock({ Array($0.values) }) { hub.endExpired(by: time) }
    }

    /// Members connected now.
    public var connectedMembers: Int {
        hubs.withLock { Array($0.values) }.reduce(0) { $0 + $1.memberCount }
    }

    var everySession: [BrokerSession] { sessions.withLock { Array($0.values) } }

    var meshCount: Int { hubs.withLock { $0.count } }

    func forget(_ session: BrokerSession) {
        sessions.withLock { $0[ObjectIdentifier(session)] = nil }
    }

    /// The hub of a mesh that was seen before.
    func knownHub(_ mesh: MeshID) -> MeshHub? { hubs.withLock { $0[mesh] } }

    /// Whether a mesh that is served here is succeeded by this one.
    private func isHeir(_ mesh: MeshID) -> Bool {
        hubs.withLock { Array($0.values) }.contains { $0.isSucceeded(by: mesh) }
    }

    /// The hub of a mesh; a mesh not seen before is created where the policy allows.
    /// - Parameter isInvited: whatever the policy says.
    func hub(for mesh: MeshID, isInvited: Bool = false) async throws -> MeshHub {
        if let hub = knownHub(mesh) { return hub }
        guard isInvited || policy.admission.allows(mesh) || isHeir(mesh) else { throw MeshNotAllowed() }
        let key = try await store.createMesh(mesh, now: now())
        return hubs.withLock { hubs in
            if let hub = hubs[mesh] { return hub }
            let ledger = verifier.ledger(for: mesh, holding: [])
            let hub = MeshHub(
                StoredMesh(key: key, mesh: mesh), store: store, ledger: ledger, index: index,
                defaultPolicy: policy.defaultPolicy, now: now, audit: audit)
            hubs[mesh] = hub
            return hub
        }
    }
}

/// The server's policy keeps new meshes out.
struct MeshNotAllowed: Error {}
