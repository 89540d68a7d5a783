import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Ends a connection that takes up room and does nothing with it: one whose request does not come, or whose answer is not read.
final class ConnectionWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart

    struct Limits: Sendable {
        /// Within which a request's head has to be there, from its first byte on; of a new connection from its beginning.
        var head = TimeAmount.seconds(10)
        /// Within which its body has to be there; longer than `LocalRequest.patience`, which is answered.
        var body = TimeAmount.seconds(12)
        /// Between an answer and the next request.
        var idle = TimeAmount.seconds(30)
        /// How long nothing of an answer may be read.
        var unread = TimeAmount.seconds(30)
    }

    private let limits: Limits
    /// Whether a request's body goes on for as long as its sender likes.
    private let isEndless: @Sendable (HTTPRequest) -> Bool
    private let onUnread: @Sendable () -> Void
    private var deadline: Scheduled<Void>?
    private var unread: Scheduled<Void>?
    private var isIdle = false

    /// - Parameter onUnread: called where a connection ends because its answer is not read.
    init(
        _ limits: Limits = Limits(), isEndless: @escaping @Sendable (HTTPRequest) -> Bool = { _ in false },
        onUnread: @escaping @Sendable () -> Void
    ) {
        self.limits = limits
        self.isEndless = isEndless
        self.onUnread = onUnread
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // What comes here are whole heads: their first bytes are seen next to the socket.
        let bytes = FirstByte { [self] in
            guard isIdle else { return }
            isIdle = false
            expect(within: limits.head, context)
        }
        try? context.pipeline.syncOperations.addHandler(bytes, position: .first)
        expect(within: limits.head, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        unread?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let request):
            if isEndless(request) { deadline?.cancel() } else { expect(within: limits.body, context) }
        case .body: break
        case .end: deadline?.cancel()
        }
        isIdle = false
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            isIdle = true
            expect(within: limits.idle, context)
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        unread?.cancel()
        if !context.channel.isWritable {
            let (channel, onUnread) = (context.channel, onUnread)
            unread = context.eventLoop.scheduleTask(in: limits.unread) {
                onUnread()
                channel.close(promise: nil)
            }
        }
        context.fireChannelWritabilityChanged()
    }

    private func expect(within time: TimeAmount, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }
}

/// Tells when bytes come.
private final class FirstByte: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let come: () -> Void

    init(_ come: @escaping () -> Void) { self.come = come }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        come()
        context.fireChannelRead(data)
    }
}
