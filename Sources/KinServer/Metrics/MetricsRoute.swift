import HTTPTypes
import Hummingbird
import KinBroker
import KinMetrics
import KinWire
import NIOCore

/// `GET /metrics`: counts and figures, for whoever may see them (docs/operations.md, "Who may read them").
struct MetricsRoute: Sendable {
    let metrics: ServerMetrics
    let relay: RelayService
    /// nil: a relay alone, which knows no API keys.
    let hosted: BrokerRoutes?
    let access: MetricsAccess

    func answer(_ request: Request, _ context: ServerContext) -> Response {
        if !access.isFree(for: context.remoteAddress, host: request.head.authority),
            let refusal = refusal(of: request, context)
        {
            return refusal
        }
        let text = metrics.text(
            hosted?.broker.figures() ?? .init(), relay.figures(), connections: relay.openConnections,
            blobs: try? hosted?.store.blobUsage())
        return Response(
            status: .ok, headers: [.contentType: MetricFamily.contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    private func refusal(of request: Request, _ context: ServerContext) -> Response? {
        guard let hosted else {
            return ServerAnswer.failure(
                .forbidden, "metrics_local_only", "a relay alone shows its metrics on its own machine only")
        }
        return hosted.requests.refusal(of: request, context, without: .readMetrics)
    }
}

/// Who may read the metrics without a credential: callers on this machine, of a server that only this machine reaches.
///
/// Behind a proxy every caller seems to be one. Such a server is told its `--origin`, for no device could use it without; so that ends it.
struct MetricsAccess: Sendable {
    private let isOnlyHere: Bool

    init(_ configuration: ServerConfiguration) {
        isOnlyHere =
            configuration.listen.isLoopback && configuration.tls == nil && configuration.origins.isEmpty
    }

    /// - Parameters:
    ///   - address: where the caller is.
    ///   - host: by what name it asked: a page in a browser may have a name of its own lead here.
    func isFree(for address: String, host: String?) -> Bool {
        isOnlyHere && Self.isLoopback(address) && host.map { Self.isLoopback(Self.name(in: $0)) } ?? true
    }

    private static func isLoopback(_ host: String) -> Bool { ListenAddress(host: host, port: 0).isLoopback }

    /// Without port and brackets.
    private static func name(in host: String) -> String {
        if host.hasPrefix("[") { return String(host.dropFirst().prefix { $0 != "]" }) }
        return String(host.prefix { $0 != ":" })
    }
}
