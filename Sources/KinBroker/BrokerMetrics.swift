public import KinMetrics
import KinWire

/// What a broker counts (docs/operations.md). Nothing in it names a mesh, a member or a message.
public struct BrokerMetrics: Sendable {
    let accepted: Counter
    let duplicates: Counter
    /// By the code of the refusal.
    let nacks: Counters
    let pushes: Counter
    let repushes: Counter
    /// By `ClientAck.Result`.
    let acks: Counters
    /// Of those, the usual one.
    private let stored: Counter
    /// By the code of the `error` that ended the opening.
    let refusals: Counters
    /// By the code of the `error` that said so.
    let invalidFrames: Counters
    /// By `ConcurrentConnection.Outcome`.
    let concurrent: Counters
    let historyPages: Counter

    private static let nackCodes = [
        "out_of_order", "unknown_member", "member_revoked", "expired", "too_large", "unknown_topic", "epoch_missing",
        "epoch_stale", "epoch_ahead",
        "mesh_succeeded", "storage_full", "storage_failed", "rate_limited", "idempotency_key_reused",
    ]
    private static let refusalCodes =
        [
            "clock_skew", "unauthorized", "invalid_message", "unknown_message_type", "mesh_not_allowed",
            "member_revoked", "member_already_connected", "storage_unavailable",
        ] + CredentialRefusal.allCases.map(\.rawValue) + ChainConflict.allCases.map(\.rawValue)

    public init(_ registry: MetricRegistry = MetricRegistry()) {
        accepted = registry.counter("kin_broker_accepted_total", "Sends newly stored, on disk.")
        duplicates = registry.counter("kin_broker_duplicates_total", "Sends that were stored before.")
        nacks = registry.counters("kin_broker_nacks_total", "Sends refused, by code.", by: "code", Self.nackCodes)
        pushes = registry.counter("kin_broker_pushes_total", "Messages handed to recipients, repeated ones too.")
        repushes = registry.counter(
            "kin_broker_repushes_total", "Messages handed out and not acknowledged in time: they are handed out again.")
        acks = registry.counters(
            "kin_broker_client_acks_total", "Messages acknowledged by recipients, by result.", by: "result",
            ClientAck.Result.allCases.map(\.rawValue))
        stored = acks[ClientAck.Result.stored]
        refusals = registry.counters(
            "kin_broker_handshake_refusals_total", "Sessions refused before they were ready, by code.", by: "code",
            Self.refusalCodes)
        invalidFrames = registry.counters(
            "kin_broker_invalid_frames_total", "Frames of ready sessions that are none, by code.", by: "code",
            ["invalid_message", "unknown_message_type"])
        concurrent = registry.counters(
            "kin_broker_concurrent_connections_total", "Members that connected while they were connected, by outcome.",
            by: "outcome", ConcurrentConnection.Outcome.allCases.map(\.rawValue))
        historyPages = registry.counter("kin_broker_history_pages_total", "Pages of history told to members.")
    }

    func count(_ acks: ClientAck) {
        stored.add(acks.results.count { $0.result == .stored })
        for entry in acks.results where entry.result != .stored { self.acks[entry.result].add() }
    }

    func count(_ acceptance: Acceptance) {
        switch acceptance {
        case .stored: accepted.add()
        case .duplicate: duplicates.add()
        case .refused(let refusal): nacks[refusal.code].add()
        }
    }
}

/// What is looked up when somebody asks.
public struct BrokerFigures: Hashable, Sendable {
    /// Connections, those in their opening too.
    public var sessions = 0
    public var connectedMembers = 0
    public var meshes = 0
    /// Messages handed out and not acknowledged.
    public var inFlight = 0
    /// Their sealed bodies.
    public var bytesInFlight = 0
    /// Bodies of sends that were not answered.
    public var unansweredBytes = 0

    public init() {}
}

extension Broker {
    /// Everything as it is now. Asks each session in turn.
    public func figures() -> BrokerFigures {
        var figures = BrokerFigures()
        (figures.connectedMembers, figures.meshes) = (connectedMembers, meshCount)
        for session in everySession {
            let (window, unanswered) = session.state.withLock { ($0.window, $0.bytesInStore) }
            figures.sessions += 1
            figures.inFlight += window?.inFlight.count ?? 0
            figures.bytesInFlight += window?.inFlight.bytes ?? 0
            figures.unansweredBytes += unanswered
        }
        return figures
    }
}
