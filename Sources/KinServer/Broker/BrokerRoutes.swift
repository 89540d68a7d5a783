import Hummingbird
import KinBroker
import KinWebSocket

/// What a server with a broker answers besides the relay.
struct BrokerRoutes: Sendable {
    let broker: Broker
    let store: any BrokerStore
    let requests: AuthorizedRequests
    let blobs: BlobRoutes
    let metrics: ServerMetrics

    func add(to router: Router<ServerContext>) {
        let messages = MessagesRoute(broker: broker, requests: requests)
        router.post("v1/messages") { request, context in try await messages.answer(request, context) }
        let meshes = MeshesRoute(broker: broker, requests: requests)
        router.post("v1/meshes") { request, context in try await meshes.answer(request, context) }
        blobs.add(to: router)
        router.get("mesh") { _, _ in ServerAnswer.upgradeRequired }
    }

    func upgradeMesh(_ connections: WebSocketConnections, _ times: ServerConfiguration.Times) -> UpgradeDecision {
        let endpoint = MeshEndpoint(broker: broker, metrics: metrics)
        var limits = times.limits(maxMessageBytes: broker.maxFrameBytes)
        limits.maxBufferedBytes = 4 << 20
        return .accept(endpoint, limits) { connection in
            connections.add(connection)
            endpoint.opened(connection)
        }
    }
}
