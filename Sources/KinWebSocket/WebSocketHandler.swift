import NIOConcurrencyHelpers
import NIOCore
import NIOWebSocket

/// The end of the pipeline: performs what the assembler, the outbox and the keep-alive say.
///
/// Lives on the event loop. Receiving is here; sending, closing and timing are in the extensions.
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// Who is told; dropped at the end, which also breaks the circle of handler and connection.
    struct Audience {
        let connection: WebSocketConnection
        let delegate: any WebSocketDelegate
    }

    enum Phase {
        case open
        /// A close frame is on its way; only the peer's close frame or the end of TCP matters now.
        case closing(WebSocketClosure)
        case ended
    }

    let role: WebSocketRole
    let limits: WebSocketLimits
    let outbox: NIOLockedValueBox<WebSocketOutbox>
    var audience: Audience?
    var context: ChannelHandlerContext?
    var phase = Phase.open

    let intake: WebSocketFrameIntake
    private(set) var assembler: WebSocketAssembler
    /// Between the first frame of a socket read and its end: what is sent meanwhile waits for the end.
    private(set) var isInReadBurst = false
    private var hasUncompletedRead = false

    var keepAlive: WebSocketKeepAlive
    var keepAliveTimer: Scheduled<Void>?
    var slowReaderTimer: Scheduled<Void>?
    var closeTimer: Scheduled<Void>?

    /// When the first byte of the message under way came; of one that followed another in a read, that read's end.
    var unfinishedSince: NIODeadline?
    var unfinishedTimer: Scheduled<Void>?
    var hasFinishedMessage = false
    var toldUnfinishedBytes = 0

    var isWritable = true
    /// Only the newest ping is answered (RFC 6455 §5.5.3), so a flood of pings cannot fill memory with pongs.
    var owedPong: ByteBuffer?
    var isReadingHeldByOwner = false
    var isReadOutstanding = false

    init(
        role: WebSocketRole,
        limits: WebSocketLimits,
        outbox: NIOLockedValueBox<WebSocketOutbox>,
        now: NIODeadline
    ) {
        self.role = role
        self.limits = limits
        self.outbox = outbox
        self.intake = WebSocketFrameIntake(maxFrameBytes: limits.maxFrameBytes)
        self.assembler = WebSocketAssembler(role: role, maxMessageBytes: limits.maxMessageBytes)
        self.keepAlive = .init(pingInterval: limits.pingInterval, deadAfter: limits.deadAfter, now: now)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        scheduleKeepAlive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(.init(code: nil, reason: "the connection was taken down", origin: .lost))
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isInReadBurst = true
        let frame = unwrapInboundIn(data)
        switch phase {
        case .open: perform(assembler.receive(frame))
        case .closing where frame.opcode == .connectionClose: context.close(promise: nil)
        case .closing, .ended: return
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        keepAlive.heard(at: context.eventLoop.now)
        weighUnfinished()
        completeRead()
        isInReadBurst = false
        drain()
        context.fireChannelReadComplete()
    }

    func completeRead() {
        guard hasUncompletedRead, let audience else { return }
        hasUncompletedRead = false
        audience.delegate.webSocketDidCompleteRead(audience.connection)
    }

    private func perform(_ event: WebSocketAssembler.Event) {
        switch event {
        case .message(let message):
            hasFinishedMessage = true
            deliver(message)
        case .ping(let payload): owedPong = payload
        case .close(let code, let reason): answerClose(code: code, reason: reason)
        case .violation(let code, let reason): startClosing(.init(code: code, reason: reason, origin: .lost))
        case .pong: if let audience { audience.delegate.webSocketHeardPong(audience.connection) }
        case .incomplete: return
        }
    }

    /// A delegate that has closed the connection hears nothing more of the same read.
    private func deliver(_ message: WebSocketMessage) {
        guard let audience, !outbox.withLockedValue({ $0.isClosed }) else { return }
        hasUncompletedRead = true
        audience.delegate.webSocket(audience.connection, received: message)
    }
}
