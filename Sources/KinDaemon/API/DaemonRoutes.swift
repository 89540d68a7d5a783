import Hummingbird
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
    let vault: VaultRoutes
    let files: FileService
    let family: Family
    let directory: DirectoryRunner
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
    let version: @Sendable () -> DaemonVersion

    /// Bytes of message bodies in one answer.
    static let maxPageBytes = 8 << 20
    static let defaultPage = 100

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: RequestCountingMiddleware(requests: metrics.requests, logger: logger))
        router.add(middleware: APIErrorMiddleware())
        router.add(middleware: QueryMiddleware())
        router.post("v1/send") { request, _ in try await send(request) }
        addMessages(to: router)
        router.get("v1/devices") { _, _ in APIResponse.json(await directory.refreshed().json) }
        router.get("v1/peers") { _, _ in APIResponse.json(family.peers().json) }
        router.get("v1/members") { _, _ in APIResponse.json(revoking.members().json) }
        router.post("v1/device/revoke") { request, _ in try await revoke(request) }
        router.post("v1/revocations") { request, _ in try await take(request) }
        addSuccessions(to: router)
        addSettings(to: router)
        addFiles(to: router)
        vault.add(to: router)
        router.get("v1/events") { request, _ in try await stream(request) }
        router.get("v1/health") { _, _ in APIResponse.json(try health().json) }
        router.get("v1/metrics") { _, _ in APIResponse.metrics(metrics.text(figures)) }
        router.get("v1/version") { _, _ in APIResponse.json(version().json) }
        return router
    }

    private func send(_ request: Request) async throws -> Response {
        var request = request
        let body = try await request.collectBody(upTo: SendRequest.maxBytes)
        var wanted = try SendRequest(json: Array(body.readableBytesView))
        if let key = request.headers[.idempotencyKey] {
            guard let id = ClientMessageID(key) else {
                throw KinError(
                    "invalid_request", "Idempotency-Key must be 1 to 64 of A-Z a-z 0-9 . _ : -", category: .usage)
            }
            wanted.clientMessageID = id
        }
        let answer = try await sending.send(wanted)
        return APIResponse.json(answer.json, status: answer.status == .queued ? .accepted : .ok)
    }

    private func revoke(_ request: Request) async throws -> Response {
        var request = request
        let body = try await request.collectBody(upTo: SendRequest.maxBytes)
        return APIResponse.json(try revoking.revoke(RevokeRequest(json: Array(body.readableBytesView))).json)
    }

    private func take(_ request: Request) async throws -> Response {
        var request = request
        let body = try await request.collectBody(upTo: SendRequest.maxBytes)
        return APIResponse.json(try revoking.take(SignedRevocation(json: Array(body.readableBytesView))).json)
    }

    private func health() throws -> DaemonHealth {
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
