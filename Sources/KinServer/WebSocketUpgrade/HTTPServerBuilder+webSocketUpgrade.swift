import HTTPTypes
import HummingbirdCore
import NIOSSL

extension HTTPServerBuilder {
    /// HTTP/1.1 and WebSockets on one port, with or without TLS.
    ///
    /// Only the first request of a connection can be upgraded. On graceful shutdown open WebSockets are closed with
    /// 1001 and idle HTTP connections at once.
    ///
    /// - Parameters:
    ///   - tls: the server's certificate and key; `nil` serves in the clear.
    ///   - gate: asked for each connection before anything is read.
    ///   - immediate: answers requests on the event loop, or leaves them to the router.
    ///   - policy: asked for each request that is a well-formed WebSocket handshake.
    public static func http1WebSocketUpgrade(
        configuration: WebSocketUpgradeConfiguration = .init(),
        tls: TLSConfiguration? = nil,
        gate: ConnectionGate = .open,
        immediate: @escaping ImmediateAnswers = { _ in nil },
        policy: @escaping UpgradePolicy
    ) -> HTTPServerBuilder {
        .init { responder in
            try HTTP1WebSocketChannel(
                responder: responder, configuration: configuration, tls: tls, gate: gate, immediate: immediate,
                policy: policy)
        }
    }
}
