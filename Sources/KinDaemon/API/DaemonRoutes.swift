import KinDaemonAPI
import KinEncoding
import KinMailbox
import KinWire
import Logging

/// The routes of the local API over what they serve (docs/protocol/local-api.md).
struct DaemonRoutes: Sendable {
    let sending: Sending
    let receipts: Receipts
    let revoking: Revoking
    let successions: SuccessionKeeper
    let settings: MeshSettingsKeeper
    let topics: TopicKeeper
    let presence: Presence
    let profiles: ProfileBook
    let vault: VaultRoutes
    let files: FileService
    let family: Family
    let directory: DirectoryRunner
    let naming: Naming
    let calls: LocalCalls
    let inbox: InboxStore
    let outbox: OutboxStore
    let events: EventHub
    let board: StatusBoard
    let metrics: DaemonMetrics
    let figures: DaemonFigures
    /// The home was made on another machine.
    let isOnAnotherHost: Bool
    /// Where everything of the daemon goes with it.
    let ephemeral: DaemonHealth.Ephemeral?
    let logger: Logger
    /// Milliseconds.
    let now: @Sendable () -> Int64
    let tokens: LocalTokens
    let compatibility: DaemonCompatibility
    let version: @Sendable () -> DaemonVersion

    /// Bytes of message bodies in one answer.
    static let maxPageBytes = 8 << 20
    /// Bytes of one answer.
    static let maxAnswerBytes = 10 << 20
    static let defaultPage = 100

    /// Every route of the local API.
    static let table: [LocalRoute] =
        sends + messages + outbox + devices + names + topicRoutes + fileRoutes + meshSettings + succession
        + VaultRoutes.all
        + streams + callRoutes + about

    func health() throws -> DaemonHealth {
        let depth = try outbox.depth()
        var health = DaemonHealth(
            broker: board.broker(), relays: board.relays(), outboxPending: Int64(depth.pending),
            outboxDead: Int64(depth.dead), outboxRefusal: try outbox.lastRefusal(),
            inboxCount: Int64(try inbox.count()),
            succession: successions.notice)
        health.inbound = metrics.inbound.named
        health.inboxRefilled = try inbox.refillMark()?.refilled
        if revoking.exchange.brokerWithholds { health.broker.code = "revocations_withheld" }
        health.outboxRefused = Int64(try outbox.refusedCount())
        health.outboxPressure = outbox.usage.pressure.rawValue
        health.outboxBytes = outbox.usage.bytes
        health.outboxMaxBytes = outbox.usage.limit
        health.outboxOldestAt = try outbox.oldestPending()
        health.cloneSuspected = isOnAnotherHost
        health.ephemeral = ephemeral
        health.successionWaits = successions.waitsForDecision
        let shown = settings.shown()
        health.concurrentPolicy = shown.concurrentPolicy
        health.policyDiffers = shown.server == .differs
        health.diskPercent = DiskSpace.usedPercent(of: figures.folder).map { Int64($0) }
        health.alerts = Array(revoking.alerts.prefix(16))
        return health
    }
}
