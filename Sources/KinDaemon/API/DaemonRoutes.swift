import Hummingbird
import KinDaemonAPI
import KinEncoding
import KinMailbox
import KinWire

/// The routes of the local API over what they serve (docs/protocol/local-api.md).
struct DaemonRoutes: Sendable {
    let sending: Sending
    let revoking: Revoking
    let successions: SuccessionKeeper
    let settings: MeshSettingsKeeper
    let vault: VaultRoutes
    let family: Family
    let directory: DirectoryRunner
    let inbox: InboxStore
    let outbox: OutboxStore
    let events: EventHub
    let board: StatusBoard
    let version: @Sendable () -> DaemonVersion

    /// Bytes of message bodies in one answer.
    static let maxPageBytes = 8 << 20
    static let defaultPage = 100

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: APIErrorMiddleware())
        router.post("v1/send") { request, _ in try await send(request) }
        router.get("v1/inbox") { request, _ in APIResponse.json(try page(request).json) }
        router.get("v1/message/:id") { _, context in try message(context.parameters.get("id")) }
        router.get("v1/devices") { _, _ in APIResponse.json(await directory.refreshed().json) }
        router.get("v1/peers") { _, _ in APIResponse.json(family.peers().json) }
        router.get("v1/members") { _, _ in APIResponse.json(revoking.members().json) }
        router.post("v1/device/revoke") { request, _ in try await revoke(request) }
        router.post("v1/revocations") { request, _ in try await take(request) }
        addSuccessions(to: router)
        addSettings(to: router)
        vault.add(to: router)
        router.get("v1/events") { request, _ in try await stream(request) }
        router.get("v1/health") { _, _ in APIResponse.json(try health().json) }
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

    private func page(_ request: Request) throws -> InboxPage {
        let parameters = request.uri.queryParameters
        let cursor = try Self.integer(parameters["cursor"], "cursor")
        let limit = try Self.integer(parameters["limit"], "limit") ?? Int64(Self.defaultPage)
        let query = InboxQuery(
            after: cursor ?? 0, since: try Self.integer(parameters["since"], "since"),
            from: try parameters["from"].map { try family.resolve(String($0)).member },
            limit: Int(min(max(limit, 1), Int64(InboxParameters.maxLimit))), maxBytes: Self.maxPageBytes)
        let (rows, more) = try inbox.page(query)
        return InboxPage(
            messages: rows.map { $0.message(family) }, cursor: more ? rows.last.map { String($0.id) } : nil)
    }

    private static func integer(_ text: Substring?, _ name: String) throws -> Int64? {
        guard let text else { return nil }
        guard let value = Int64(text), value >= 0 else {
            throw KinError("invalid_request", "\(name) must be a whole number", category: .usage)
        }
        return value
    }

    private func message(_ text: String?) throws -> Response {
        guard let id = text.flatMap({ ClientMessageID($0) }), let row = try outbox.row(id) else {
            throw KinError("unknown_message", "this device sent no message with that id", category: .notFound)
        }
        return APIResponse.json(row.status(family).json)
    }

    private func health() throws -> DaemonHealth {
        let depth = try outbox.depth()
        return DaemonHealth(
            broker: board.broker(), relays: board.relays(), outboxPending: Int64(depth.pending),
            outboxDead: Int64(depth.dead), outboxRefusal: try outbox.lastRefusal(),
            inboxCount: Int64(try inbox.count()),
            succession: successions.notice)
    }
}

extension OutboxRow {
    /// As the API shows it.
    func status(_ family: Family) -> MessageStatus {
        var to = lane.destination.recipient
        if case .dm(let member) = lane.destination { to = family.name(of: member) }
        return MessageStatus(
            clientMessageID: clientMessageID, status: state, to: to, toMember: lane.destination.recipient,
            priority: lane.priority, queuedAt: enqueuedAt, relayedAt: relayedAt, deliveredAt: deliveredAt,
            readAt: readAt, expiresAt: expiresAt, brokerMessageID: brokerMessageID, lastError: lastError)
    }

    var state: MessageState {
        switch status {
        case .dead: .dead
        case .aborted: .aborted
        case .pending: .queued
        case .done: readAt != nil ? .read : deliveredAt != nil ? .delivered : .relayed
        }
    }
}
