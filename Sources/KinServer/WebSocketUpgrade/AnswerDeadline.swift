import NIOCore

/// Ends a connection whose answer is not taken: 64 KiB of it, or what is left, have to go within the patience.
///
/// Stands next to the socket, below TLS.
final class AnswerDeadline: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// An outbound event: from now on answers have this patience, as something else watches their pace.
    struct Patience: Sendable { let time: TimeAmount }

    /// An outbound event.
    enum Until: Sendable {
        /// Keeps the object until all that was written is taken, or the connection has ended.
        case taken(any AnyObject & Sendable)
    }

    private static let pieceBytes = 65_536

    private var patience: TimeAmount
    /// Pieces.
    private var pending = 0
    private var kept: [any AnyObject & Sendable] = []
    private var lastTaken = NIODeadline.now()
    private var timer: Scheduled<Void>?

    init(_ patience: TimeAmount) { self.patience = patience }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        kept = []
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        switch event {
        case let event as Patience: patience = max(patience, event.time)
        case let event as Until:
            if case .taken(let object) = event, pending > 0 { kept.append(object) }
        default: return context.triggerUserOutboundEvent(event, promise: promise)
        }
        promise?.succeed()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var bytes = unwrapOutboundIn(data)
        // A piece's end is seen, not how far the kernel has come with one.
        while bytes.readableBytes > Self.pieceBytes, let piece = bytes.readSlice(length: Self.pieceBytes) {
            write(piece, promise: nil, context)
        }
        write(bytes, promise: promise, context)
    }

    private func write(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) {
        if pending == 0 { lastTaken = context.eventLoop.now }
        pending += 1
        if timer == nil { watch(context) }
        let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [self] _ in
            pending -= 1
            lastTaken = context.eventLoop.now
            if pending == 0 { kept = [] }
        }
        context.write(wrapOutboundOut(bytes), promise: promise)
    }

    /// Set anew when it fires: most answers are gone before.
    private func watch(_ context: ChannelHandlerContext) {
        let eventLoop = context.eventLoop.assumeIsolated()
        timer = eventLoop.scheduleTask(deadline: lastTaken + patience) { [self] in
            timer = nil
            guard pending > 0 else { return }
            guard context.eventLoop.now >= lastTaken + patience else { return watch(context) }
            context.close(promise: nil)
        }
    }
}
