import HTTPTypes
import KinWebSocket
import NIOCore
import NIOHTTP1

/// What the policy accepted; kept from the request head until the upgrade is done.
struct AcceptedUpgrade {
    let delegate: any WebSocketDelegate
    let limits: WebSocketLimits
    let opened: @Sendable (WebSocketConnection) -> Void
}

/// Stands before NIO's upgrade handler and lets it see an upgrade only if it will succeed: a declined one would lose
/// its request head there (swift-nio issue 2632).
final class WebSocketUpgradeFilter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Phase {
        case awaitingHead
        case upgrading
        case http
        /// Answered; the connection closes when that is written.
        case refused
    }

    private let gatekeeper: ConnectionGatekeeper
    private let policy: UpgradePolicy
    private let accepted: NIOLoopBoundBox<AcceptedUpgrade?>
    private var phase = Phase.awaitingHead

    init(
        gatekeeper: ConnectionGatekeeper, policy: @escaping UpgradePolicy, accepted: NIOLoopBoundBox<AcceptedUpgrade?>
    ) {
        self.gatekeeper = gatekeeper
        self.policy = policy
        self.accepted = accepted
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (phase, unwrapInboundIn(data)) {
        case (.refused, _): return
        case (.awaitingHead, .head(let head)): decide(on: head, context: context)
        case (.http, .head(let head)): pass(head, context: context)
        default: context.fireChannelRead(data)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch phase {
        case .http: context.fireErrorCaught(error)
        case .awaitingHead where error is HTTPParserError:
            refuse(.badRequest, Self.error("request_invalid", "this is not an HTTP/1.1 request"), context: context)
        case .awaitingHead, .upgrading, .refused: context.close(promise: nil)
        }
    }

    private func decide(on head: HTTPRequestHead, context: ChannelHandlerContext) {
        if let refusal = gatekeeper.refusal {
            return refuse(.init(statusCode: refusal.status), refusal.body, context: context)
        }
        switch UpgradeRequest(head) {
        case .http:
            phase = .http
            pass(head, context: context)
        case .malformed(let status, let fault):
            refuse(status, Self.error("upgrade_invalid", fault), context: context)
        case .webSocket:
            switch policy(head, context.channel.remoteAddress) {
            case .accept(let delegate, let limits, let opened):
                phase = .upgrading
                accepted.value = AcceptedUpgrade(delegate: delegate, limits: limits, opened: opened)
                context.fireChannelRead(wrapInboundOut(.head(head)))
            case .refuse(let status, let body):
                refuse(.init(statusCode: status.code, reasonPhrase: status.reasonPhrase), body, context: context)
            case .notWebSocket:
                phase = .http
                pass(head, context: context)
            }
        }
    }

    /// Passes a request on to the router. After one that names an upgrade, or CONNECT, NIO's decoder reads nothing
    /// more, so such a connection has to end with the answer.
    private func pass(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        var head = head
        if head.method == .CONNECT || head.headers.contains(name: "upgrade") {
            head.headers.remove(name: "upgrade")
            head.headers.replaceOrAdd(name: "connection", value: "close")
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    private func refuse(_ status: HTTPResponseStatus, _ body: String, context: ChannelHandlerContext) {
        phase = .refused
        var head = HTTPResponseHead(version: .http1_1, status: status)
        head.headers.add(name: "Content-Type", value: "application/json")
        head.headers.add(name: "Content-Length", value: "\(body.utf8.count)")
        head.headers.add(name: "Connection", value: "close")
        if status == .upgradeRequired {
            head.headers.add(name: "Upgrade", value: "websocket")
            head.headers.add(name: "Sec-WebSocket-Version", value: "13")
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }

    /// - Parameter message: text of this file's own, free of characters JSON would escape.
    private static func error(_ code: String, _ message: String) -> String {
        #"{"error":{"code":"\#(code)","message":"\#(message)","retryable":false}}"#
    }
}
