import KinClient
import KinMetrics
import KinSession

/// What a daemon counts, for `GET /v1/metrics` (docs/operations.md). Lives as long as the process, across a change of the wallet.
struct DaemonMetrics: Sendable {
    private let registry: MetricRegistry
    /// By `ReconnectReason`.
    let reconnects: Counters
    /// Messages newly taken into the outbox.
    let sent: Counter
    /// Those of them that the broker took.
    let relayed: Counter
    /// Those that can never be sent.
    let dead: Counter
    /// Messages newly taken into the inbox.
    let received: Counter
    /// Messages that came back into an inbox that was lost.
    let refilled: Counter
    /// Messages recognised as known: pushed again, known to the broker, sent again over the local API.
    let knownIn, knownOut, knownLocal: Counter
    let topicKeysMinted: Counter
    /// Posts that came before their key, and were kept as they were.
    let sealedPosts: Counter
    /// Files that were shared, can never be, were fetched whole, or were not what was shared.
    let files: Counters
    /// Bytes of sealed files, by direction.
    let fileBytes: Counters
    /// Links that others opened to this device, went on with, lost, or were refused.
    let links: Counters
    /// Links that this device opened to others, went on with, or whose connection it lost.
    let openedLinks: Counters
    /// Those of them that are over, by `LinkEnding`.
    let openedLinkEnds: Counters
    /// Attempts to reach a device that failed, by `DialRefusal`.
    let dialRefusals: Counters
    /// Records of relays that were not believed, by `RecordFault`.
    let recordsDropped: Counters
    let inbound: InboundCounters
    let clones: Counter
    let requests: RequestMetrics
    /// Requests of the local API that were refused before a route was asked, by why.
    let ipcRefused: Counters
    let tokenRotations: Counter
    /// Milliseconds from the broker's taking of the last message to this inbox's.
    let lag = Gauge()
    private let process = ProcessFigures()

    init() {
        registry = MetricRegistry()
        reconnects = registry.counters(
            "kin_daemon_reconnects_total",
            "Sessions with the broker that came about again, by why the one before ended.",
            by: "reason", ReconnectReason.allCases.map(\.rawValue))
        sent = registry.counter("kin_daemon_send_total", "Messages newly taken into the outbox.")
        relayed = registry.counter("kin_daemon_relayed_total", "Messages of the outbox that the broker took.")
        dead = registry.counter("kin_daemon_dead_total", "Messages of the outbox that can never be sent.")
        received = registry.counter("kin_daemon_recv_total", "Messages newly taken into the inbox.")
        refilled = registry.counter(
            "kin_daemon_refilled_total", "Messages put back into a fresh inbox from the broker's history.")
        let known = registry.counters(
            "kin_daemon_dedupe_total",
            "Messages recognised as known: pushed again (in), known to the broker (out), sent again over the local API (local).",
            by: "direction", ["in", "out", "local"])
        (knownIn, knownOut, knownLocal) = (known["in"], known["out"], known["local"])
        sealedPosts = registry.counter(
            "kin_daemon_sealed_posts_total", "Posts that came before their key, and were kept until it comes.")
        topicKeysMinted = registry.counter("kin_daemon_topic_keys_minted_total", "Keys of topics made here.")
        links = registry.counters(
            "kin_daemon_links_total",
            "Links that other devices opened to this one, continued after a cut, lost their connection, or were refused.",
            by: "event", ["opened", "continued", "cut", "refused"])
        openedLinks = registry.counters(
            "kin_daemon_opened_links_total",
            "Links that this device opened to others, continued after a cut, or lost the connection of.", by: "event",
            ["opened", "continued", "cut"])
        openedLinkEnds = registry.counters(
            "kin_daemon_opened_link_ends_total", "Links that this device opened and that are over, by why.",
            by: "reason", LinkEnding.reasons)
        dialRefusals = registry.counters(
            "kin_daemon_link_dial_refusals_total",
            "Attempts to open or continue a link that failed, by what was met or said.", by: "reason",
            DialRefusal.reasons)
        recordsDropped = registry.counters(
            "kin_daemon_records_dropped_total", "Records that relays showed and that were not believed, by why.",
            by: "reason", RecordFault.allCases.map(\.rawValue))
        files = registry.counters(
            "kin_daemon_files_total",
            "Files brought to the server, given up, fetched whole, and those that were not what was shared.",
            by: "event", ["shared", "dead", "fetched", "tampered"])
        fileBytes = registry.counters(
            "kin_daemon_file_bytes_total", "Bytes of sealed files that the server took, or that were verified.",
            by: "direction", ["in", "out"])
        inbound = InboundCounters(registry)
        clones = registry.counter(
            "kin_daemon_clone_suspected_total", "Starts on another machine than the one the home was made on.")
        ipcRefused = registry.counters(
            "kin_daemon_ipc_refused_total",
            "Requests to the local API that were refused for how they came, by why.", by: "reason",
            RefusedRequests.reasons)
        tokenRotations = registry.counter(
            "kin_daemon_local_token_rotations_total", "Changes of the token that is asked for over TCP.")
        requests = RequestMetrics(
            registry, prefix: "kin_daemon_ipc", DaemonRoutes.table.map { ($0.method.rawValue, $0.path) })
    }

    /// Everything as it is now.
    func text(_ figures: DaemonFigures) -> String {
        let lag = MetricFamily.gauge(
            "kin_daemon_lag_ms",
            "Milliseconds from the broker's taking of the last message to its commit in the inbox.",
            lag.value)
        return MetricFamily.text(of: registry.families() + [lag] + figures.families() + process.families())
    }
}
