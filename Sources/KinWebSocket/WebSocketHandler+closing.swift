import NIOCore
import NIOWebSocket

extension WebSocketHandler {
    /// Sends the close frame and waits for the peer's, reading on and discarding: TCP closed over unread bytes
    /// resets the connection, and the peer would never see why.
    func startClosing(_ closure: WebSocketClosure) {
        guard let context = leaveOpen(for: closure) else { return }
        var buffer = context.channel.allocator.buffer(capacity: 131)
        buffer.writeWebSocketClose(code: closure.code, reason: closure.reason, mask: nextMask())
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// Echoes the peer's close frame and closes TCP behind it.
    func answerClose(code: UInt16?, reason: String) {
        guard let context = leaveOpen(for: .init(code: code, reason: reason, origin: .peer)) else { return }
        var buffer = context.channel.allocator.buffer(capacity: 16)
        buffer.writeWebSocketClose(code: code, reason: "", mask: nextMask())
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: promise)
    }

    /// Closes TCP without a close frame.
    func abandon(_ reason: String) {
        guard let context = leaveOpen(for: .init(code: nil, reason: reason, origin: .lost)) else { return }
        context.close(promise: nil)
    }

    /// Tells the delegate, once, and lets go of everything.
    func end(_ fallback: WebSocketClosure) {
        let closure: WebSocketClosure
        switch phase {
        case .ended: return
        case .open: closure = fallback
        case .closing(let decided): closure = decided
        }
        completeRead()
        phase = .ended
        stopTimers()
        outbox.withLockedValue { $0.end() }
        guard let audience else { return }
        self.audience = nil
        audience.delegate.webSocket(audience.connection, closed: closure)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(Self.endedUnannounced)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard case .open = phase else {
            if !(error is NIOWebSocketError) { context.close(promise: nil) }
            return
        }
        switch error as? NIOWebSocketError {
        case .invalidFrameLength:
            let reason = "a frame is larger than \(limits.maxMessageBytes) bytes"
            startClosing(.init(code: WebSocketCloseCode.tooLarge, reason: reason, origin: .lost))
        case .fragmentedControlFrame, .multiByteControlFrameLength:
            let reason = "a control frame is fragmented or longer than 125 bytes"
            startClosing(.init(code: WebSocketCloseCode.protocolError, reason: reason, origin: .lost))
        case nil:
            abandon("the connection failed: \(error)")
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            drain()
            let reason = "the server is shutting down"
            startClosing(.init(code: WebSocketCloseCode.goingAway, reason: reason, origin: .local))
        case ChannelEvent.inputClosed:
            endInput(context: context)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// A half-closed TCP connection has no use here: no close frame can come any more.
    private func endInput(context: ChannelHandlerContext) {
        if case .open = phase { abandon(Self.endedUnannounced.reason) } else { context.close(promise: nil) }
    }

    /// Goes from open to closing; `nil` when that happened before.
    private func leaveOpen(for closure: WebSocketClosure) -> ChannelHandlerContext? {
        guard case .open = phase, let context else { return nil }
        phase = .closing(closure)
        stopTimers()
        outbox.withLockedValue { $0.end() }
        releaseRead()
        let eventLoop = context.eventLoop.assumeIsolated()
        closeTimer = eventLoop.scheduleTask(in: limits.closeTimeout) { context.close(promise: nil) }
        return context
    }

    private func stopTimers() {
        for timer in [keepAliveTimer, slowReaderTimer, closeTimer, unfinishedTimer] { timer?.cancel() }
        (keepAliveTimer, slowReaderTimer, closeTimer, unfinishedTimer) = (nil, nil, nil, nil)
    }

    private static let endedUnannounced = WebSocketClosure(
        code: nil,
        reason: "the connection ended without a close frame",
        origin: .lost
    )
}
