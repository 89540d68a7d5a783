import NIOCore

/// Ends a connection that has not become HTTP or a WebSocket in time.
///
/// Stands next to the socket, below TLS, so that closing waits for no peer's TLS goodbye. Removed once the
/// connection is one or the other.
final class NegotiationDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let timeout: TimeAmount
    private var timer: Scheduled<Void>?

    init(_ timeout: TimeAmount) {
        self.timeout = timeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let eventLoop = context.eventLoop.assumeIsolated()
        timer = eventLoop.scheduleTask(in: timeout) { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // At shutdown a connection without a request has nothing to finish.
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
