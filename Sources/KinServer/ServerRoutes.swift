import HTTPTypes
import Hummingbird
import HummingbirdCore
import KinWebSocket
import Logging
import NIOCore
import NIOHTTP1

/// What answers where: plain HTTP by the router, what waits for nothing before it, WebSockets by the upgrade policy.
struct ServerRoutes: Sendable {
    let relay: RelayService
    let times: ServerConfiguration.Times
    /// nil: a relay alone.
    let hosted: BrokerRoutes?
    let connections: WebSocketConnections
    let metrics: ServerMetrics
    let access: MetricsAccess
    let logger: Logger

    func router() -> Router<ServerContext> {
        let router = Router(context: ServerContext.self)
        router.add(middleware: RequestCountingMiddleware(requests: metrics.requests))
        router.add(middleware: CredentialInAddress(logger: logger))
        hosted?.add(to: router)
        router.get("healthz") { _, _ in try await health() }
        let scrape = MetricsRoute(metrics: metrics, relay: relay, hosted: hosted, access: access)
        router.get("metrics") { request, context in scrape.answer(request, context) }
        let registry = registry
        router.get("registry") { request, context in registry.answer(request, context) }
        for path in ["agent/signal", "link", "pair"] {
            router.get(RouterPath(path)) { _, _ in ServerAnswer.upgradeRequired }
        }
        return router
    }

    /// What is answered before the router.
    var immediate: ImmediateAnswers {
        let registry = registry
        return { registry.immediate($0) }
    }

    private var registry: RegistryRoute {
        RegistryRoute(relay: relay, requests: metrics.requests.route("GET", "/registry"))
    }

    private func health() async throws -> Response {
        do {
            try await hosted?.store.checkWritable()
            return ServerAnswer.json(.object(["status": .string("ok")]))
        } catch {
            return ServerAnswer.failure(
                RequestRefusal(
                    .serviceUnavailable, "storage_unavailable", "the store cannot be written", isRetryable: true))
        }
    }

    // MARK: Connections

    /// Lets connections in, whatever they will ask for.
    var gate: ConnectionGate {
        let (relay, metrics) = (relay, metrics)
        return ConnectionGate { remote in
            // Without an address it has ended already.
            guard let address = remote?.ipAddress else { return .close }
            let leave = { @Sendable in relay.leave(address) }
            switch relay.enter(from: address) {
            case .open: return .open(leave: leave)
            case .tooFast:
                metrics.limited["connection"].add()
                let refusal = RequestRefusal(
                    .tooManyRequests, "rate_limited", "too many new connections: wait a second", isRetryable: true)
                let body = String(decoding: ServerAnswer.body(refusal), as: UTF8.self)
                return .refuse(status: refusal.status.code, body: body, leave: leave)
            case .full:
                metrics.limited["open"].add()
                return .close
            }
        }
    }

    func upgrade(_ head: HTTPRequestHead, _ remote: SocketAddress?) -> UpgradeDecision {
        let address = remote?.ipAddress ?? "unknown"
        let uri = URI(head.uri)
        if CredentialInAddress.isIn(uri) {
            CredentialInAddress.log(uri, from: address, logger)
            let refusal = CredentialInAddress.refusal
            return .refuse(.badRequest, refusal.code, refusal.message)
        }
        let sockets = RelaySockets(relay: relay, times: times, connections: connections)
        switch uri.path {
        case "/mesh": return hosted?.upgradeMesh(connections, times) ?? .notWebSocket
        case "/agent/signal": return sockets.control(uri, head, from: address)
        case "/link": return sockets.link(uri, from: address)
        case "/pair": return sockets.pair(uri, from: address)
        default: return .notWebSocket
        }
    }
}

extension UpgradeDecision {
    /// A refusal in the form that errors have here.
    static func refuse(_ status: HTTPResponse.Status, _ code: String, _ message: String) -> UpgradeDecision {
        let body = ServerAnswer.body(RequestRefusal(status, code, message))
        return .refuse(status, body: String(decoding: body, as: UTF8.self))
    }
}
