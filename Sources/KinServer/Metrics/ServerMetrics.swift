import KinBroker
import KinMetrics
import KinRelay
import KinSQLite
import KinWebSocket
import KinWire
import Synchronization

/// What a server counts, for `GET /metrics` (docs/operations.md). No label is a mesh, a member, a wallet, an address or anybody's words.
final class ServerMetrics: Sendable {
    let broker: BrokerMetrics
    let relay: RelayMetrics
    let requests: RequestMetrics
    /// Requests with a credential that is none, by code.
    let credentials: Counters
    /// New connections and HTTP sends that came too fast.
    let limited: Counters
    /// Bytes of sealed files taken and handed out.
    let blobBytes: Counters
    private let registry = MetricRegistry()
    private let closes: Counters
    private let commitSizes: Histogram
    private let commitSeconds: Histogram
    private let storageRefusals: Counters
    private let isDegraded = Atomic<Bool>(false)
    private let process = ProcessFigures()
    private let startedAt = ContinuousClock.now

    private static let closeCodes: [CloseCode] = [
        .goingAway, .unauthorized, .memberRevoked, .replacedByNewerConnection, .memberAlreadyConnected, .serverDraining,
        .slowConsumer, .featureUnavailable,
    ]
    private static let credentialCodes =
        TokenFault.allCases.map(\.rawValue)
        + ["api_key_unknown", "api_key_revoked", "api_key_expired", "credential_missing", "key_not_valid"]

    init() {
        broker = BrokerMetrics(registry)
        closes = registry.counters(
            "kin_broker_closes_total", "Sessions that ended, by close code; lost: the connection broke.", by: "code",
            Self.closeCodes.map { "\($0.rawValue)" } + ["1000", "1002", "1007", "1008", "1009", "1011", "lost"])
        relay = RelayMetrics(registry)
        commitSizes = registry.histogram(
            "kin_server_commit_writes", "Writes in one transaction of the store: group commit.", Histogram.sizes)
        commitSeconds = registry.histogram(
            "kin_server_commit_seconds", "Seconds one transaction of the store took, its sync included.",
            Histogram.seconds, unitsPerOne: 1e9)
        storageRefusals = registry.counters(
            "kin_server_storage_refusals_total", "Times the store began to refuse writes, by why.", by: "code",
            StoreError.Code.allCases.map(\.rawValue))
        credentials = registry.counters(
            "kin_server_credential_refusals_total", "Tokens and API keys refused, by code.", by: "code",
            Self.credentialCodes)
        limited = registry.counters(
            "kin_server_rate_limited_total",
            "What came too fast: new connections, sends over HTTP; or connections that were too many open.", by: "what",
            ["connection", "open", "send"])
        blobBytes = registry.counters(
            "kin_server_blob_bytes_total", "Bytes of sealed files taken, on disk, and handed out.", by: "direction",
            ["in", "out"])
        requests = RequestMetrics(
            registry, prefix: "kin_server_http",
            [
                ("POST", "/v1/messages"), ("POST", "/v1/meshes"), ("POST", "/v1/blobs"), ("HEAD", "/v1/blobs/{id}"),
                ("PATCH", "/v1/blobs/{id}"), ("GET", "/v1/blobs/{id}"), ("DELETE", "/v1/blobs/{id}"),
                ("GET", "/healthz"), ("GET", "/registry"),
                ("GET", "/metrics"), ("GET", "/mesh"), ("GET", "/agent/signal"), ("GET", "/link"), ("GET", "/pair"),
            ])
    }

    func committed(_ writes: Int, in duration: Duration) {
        commitSizes.observe(writes)
        commitSeconds.observe(duration)
    }

    /// - Parameter refusal: why nothing can be stored; nil where it can again.
    func storeChanged(_ refusal: StoreError?) {
        if let refusal { storageRefusals[refusal.code].add() }
        isDegraded.store(refusal != nil, ordering: .relaxed)
    }

    func closed(_ closure: WebSocketClosure) {
        closes[closure.code.map { "\($0)" } ?? (closure.origin == .lost ? "lost" : "1000")].add()
    }

    /// Everything as it is now.
    /// - Parameter blobs: nil where the store cannot be read.
    func text(
        _ broker: BrokerFigures, _ relay: RelayFigures, connections: Int = 0, blobs: (count: Int, bytes: Int64)? = nil
    ) -> String {
        MetricFamily.text(
            of: registry.families() + Self.families(broker) + relay.families + [
                .gauge("kin_server_connections", "Open connections of all kinds.", connections),
                .gauge("kin_server_blobs", "Files kept, those under way too.", blobs.map { Double($0.count) }),
                .gauge("kin_server_blobs_bytes", "Bytes kept for them.", blobs.map { Double($0.bytes) }),
                .gauge(
                    "kin_server_store_degraded", "1 while the store refuses writes.",
                    isDegraded.load(ordering: .relaxed) ? 1 : 0),
                .gauge(
                    "kin_server_uptime_seconds", "Seconds since the server started.",
                    Double((ContinuousClock.now - startedAt).components.seconds)),
                .gauge("kin_server_info", "Always 1; the version that runs.", by: "version", [KinVersion.current: 1]),
            ] + process.families())
    }

    private static func families(_ figures: BrokerFigures) -> [MetricFamily] {
        [
            .gauge("kin_broker_sessions", "Connections of daemons, those in their opening too.", figures.sessions),
            .gauge("kin_broker_members_connected", "Members connected now.", figures.connectedMembers),
            .gauge("kin_broker_meshes", "Meshes known here.", figures.meshes),
            .gauge("kin_broker_in_flight", "Messages handed out and not acknowledged.", figures.inFlight),
            .gauge("kin_broker_in_flight_bytes", "Bytes of their sealed bodies.", figures.bytesInFlight),
            .gauge(
                "kin_broker_unanswered_bytes", "Bytes of sends that were taken in and not answered.",
                figures.unansweredBytes),
        ]
    }
}
