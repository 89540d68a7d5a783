import HTTPTypes
import Hummingbird
import HummingbirdCore
import KinBroker
import KinEncoding
import KinRelay
import KinWebSocket
import KinWire
import Logging
import NIOCore
import NIOHTTP1

/// What answers where: plain HTTP by the router, WebSockets by the upgrade policy.
struct ServerRoutes: Sendable {
    let relay: RelayService
    let broker: Broker
    let store: any BrokerStore
    let connections: WebSocketConnections
    let requests: AuthorizedRequests
    let blobs: BlobRoutes
    let metrics: ServerMetrics
    let access: MetricsAccess
    let logger: Logger

    func router() -> Router<ServerContext> {
        let router = Router(context: ServerContext.self)
        router.add(middleware: RequestCountingMiddleware(requests: metrics.requests))
        router.add(middleware: CredentialInAddress(logger: logger))
        let messages = MessagesRoute(broker: broker, requests: requests)
        router.post("v1/messages") { request, context in try await messages.answer(request, context) }
        let meshes = MeshesRoute(broker: broker, requests: requests)
        router.post("v1/meshes") { request, context in try await meshes.answer(request, context) }
        blobs.add(to: router)
        router.get("healthz") { _, _ in try await health() }
        let scrape = MetricsRoute(
            metrics: metrics, broker: broker, relay: relay, store: store, requests: requests, access: access)
        router.get("metrics") { request, context in scrape.answer(request, context) }
        router.get("registry") { request, _ in registry(request) }
        for path in ["mesh", "agent/signal"] {
            router.get(RouterPath(path)) { _, _ in
                ServerAnswer.failure(.upgradeRequired, "upgrade_required", "this address speaks WebSocket")
            }
        }
        return router
    }

    private func health() async throws -> Response {
        do {
            try await store.checkWritable()
            return ServerAnswer.json(.object(["status": .string("ok")]))
        } catch {
            return ServerAnswer.failure(
                RequestRefusal(
                    .serviceUnavailable, "storage_unavailable", "the store cannot be written", isRetryable: true))
        }
    }

    private func registry(_ request: Request) -> Response {
        guard let route = request.uri.queryParameters["wallet"].map(String.init), RegistrationRequest.isRoute(route)
        else {
            return ServerAnswer.failure(.badRequest, "invalid_registration", "wallet must be base58 of 32 bytes")
        }
        return ServerAnswer.bytes(RegistryEntry.canonicalBytes(of: relay.entries(of: route)))
    }

    // MARK: WebSockets

    func upgrade(_ head: HTTPRequestHead, _ remote: SocketAddress?) -> UpgradeDecision {
        guard let address = remote?.ipAddress, relay.allowsConnection(from: address) else {
            metrics.limited["connection"].add()
            return .refuse(
                .tooManyRequests, body: Self.errorBody("rate_limited", "too many new connections: wait a second"))
        }
        let uri = URI(head.uri)
        if CredentialInAddress.isIn(uri) {
            CredentialInAddress.log(uri, from: address, logger)
            let refusal = CredentialInAddress.refusal
            return .refuse(.badRequest, body: Self.errorBody(refusal.code, refusal.message))
        }
        switch uri.path {
        case "/mesh": return upgradeMesh()
        case "/agent/signal": return upgradeControl(uri, head)
        default: return .notWebSocket
        }
    }

    private func upgradeMesh() -> UpgradeDecision {
        let endpoint = MeshEndpoint(broker: broker, metrics: metrics)
        let limits = WebSocketLimits(
            maxMessageBytes: broker.maxFrameBytes, maxBufferedBytes: 4 << 20)
        return .accept(endpoint, limits) { connection in
            connections.add(connection)
            endpoint.opened(connection)
        }
    }

    private func upgradeControl(_ uri: URI, _ head: HTTPRequestHead) -> UpgradeDecision {
        do throws(RegistrationFault) {
            let request = try RegistrationRequest(
                owner: uri.queryParameters["owner_id"].map(String.init),
                machine: uri.queryParameters["machine_id"].map(String.init),
                proof: head.headers.first(name: "x-kin-registration-secret"))
            switch relay.register(request) {
            case .success(let endpoint):
                let limits = WebSocketLimits(maxMessageBytes: relay.limits.controlMessageBytes)
                return .accept(endpoint, limits) { connection in
                    connections.add(connection)
                    endpoint.opened(connection)
                }
            case .failure(let refusal):
                return .refuse(.init(code: refusal.status), body: Self.errorBody(refusal.code, refusal.message))
            }
        } catch {
            return .refuse(.init(code: error.status), body: Self.errorBody(error.code, error.message))
        }
    }

    private static func errorBody(_ code: String, _ message: String) -> String {
        String(decoding: ServerAnswer.body(RequestRefusal(.badRequest, code, message)), as: UTF8.self)
    }
}
