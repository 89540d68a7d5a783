import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS
import NIOWebSocket

extension WebSocketDial {
    /// Fills the pipeline of a connected channel, which starts the TLS handshake and sends the request.
    func requestUpgrade(on channel: any Channel) {
        do {
            let pipeline = channel.pipeline.syncOperations
            if let sslContext {
                try pipeline.addHandler(NIOSSLClientHandler(context: sslContext, serverHostname: serverName))
            }
            try pipeline.addHandler(WebSocketDialObserver(dial: self))
            var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: url.target, headers: headers)
            head.headers.add(name: "Host", value: url.authority)
            let upgrade = NIOTypedHTTPClientUpgradeConfiguration<WebSocketConnection?>(
                upgradeRequestHead: head,
                upgraders: [WebSocketClientUpgrader(dial: self)],
                notUpgradingCompletionHandler: { self.readRefusal(on: $0) }
            )
            var configuration = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: upgrade)
            configuration.leftOverBytesStrategy = .forwardBytes
            configuration.decoderConfiguration.maxHeaderListSize = 1 << 16
            let upgraded = try pipeline.configureUpgradableHTTPClientPipeline(configuration: configuration)
            upgraded.whenComplete { self.upgradeEnded($0) }
        } catch {
            fail(.upgrading(url, stage: stage, error))
        }
    }

    /// What the certificate must name. An address is checked against the certificate by TLS itself.
    private var serverName: String? {
        (try? SocketAddress(ipAddress: url.host, port: url.port)) == nil ? url.host : nil
    }

    private func readRefusal(on channel: any Channel) -> EventLoopFuture<WebSocketConnection?> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(WebSocketRefusalReader(dial: self))
            return nil
        }
    }

    private func upgradeEnded(_ outcome: Result<WebSocketConnection?, any Error>) {
        switch outcome {
        case .success(let connection?): succeed(connection)
        case .success(nil): return  // the refusal reader speaks
        case .failure(let error): fail(.upgrading(url, stage: stage, error))
        }
    }
}

/// Stands behind TLS and before HTTP: sees the handshake, and whatever ends the attempt early.
final class WebSocketDialObserver: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let dial: WebSocketDial

    init(dial: WebSocketDial) {
        self.dial = dial
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { dial.enter(.upgrading) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The end of a refusal's body may well come without a TLS goodbye.
        if case .uncleanShutdown = error as? NIOSSLError { return }
        dial.fail(.upgrading(dial.url, stage: dial.stage, error))
        context.fireErrorCaught(error)
    }
}

/// Leaves the request and the check of the answer to NIO, and puts this layer's own handlers behind them.
struct WebSocketClientUpgrader: NIOTypedHTTPClientProtocolUpgrader {
    private let handshake = NIOTypedWebSocketClientUpgrader<Void> { channel, _ in
        channel.eventLoop.makeSucceededVoidFuture()
    }
    private let dial: WebSocketDial

    init(dial: WebSocketDial) {
        self.dial = dial
    }

    var supportedProtocol: String { handshake.supportedProtocol }
    var requiredUpgradeHeaders: [String] { handshake.requiredUpgradeHeaders }

    func addCustom(upgradeRequestHeaders: inout HTTPHeaders) {
        handshake.addCustom(upgradeRequestHeaders: &upgradeRequestHeaders)
    }

    /// An extension was not asked for, so it must not be answered (RFC 6455 §4.1).
    func shouldAllowUpgrade(upgradeResponse: HTTPResponseHead) -> Bool {
        handshake.shouldAllowUpgrade(upgradeResponse: upgradeResponse)
            && !upgradeResponse.headers.contains(name: "Sec-WebSocket-Extensions")
    }

    func upgrade(channel: any Channel, upgradeResponse: HTTPResponseHead) -> EventLoopFuture<WebSocketConnection?> {
        channel.eventLoop.makeCompletedFuture {
            guard !dial.isOver else { throw ChannelError.ioOnClosedChannel }
            let pipeline = channel.pipeline.syncOperations
            let observer = try pipeline.context(handlerType: WebSocketDialObserver.self)
            pipeline.removeHandler(context: observer, promise: nil)
            return try .open(on: channel, as: .client, limits: dial.limits, delegate: dial.delegate)
        }
    }
}
