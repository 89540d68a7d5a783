import NIOConcurrencyHelpers
import NIOCore
import NIOWebSocket

/// One open WebSocket (RFC 6455), client or server side. All methods may be called from any thread.
public final class WebSocketConnection: Sendable {
    /// Where the delegate is called.
    public let eventLoop: any EventLoop
    public let remoteAddress: SocketAddress?
    private let channel: any Channel
    private let outbox: NIOLockedValueBox<WebSocketOutbox>
    private let handler: NIOLoopBound<WebSocketHandler>

    private init(channel: any Channel, handler: WebSocketHandler, outbox: NIOLockedValueBox<WebSocketOutbox>) {
        self.eventLoop = channel.eventLoop
        self.remoteAddress = channel.remoteAddress
        self.channel = channel
        self.outbox = outbox
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// Bytes of frames accepted by `send` and not yet taken by the kernel.
    public var bufferedBytes: Int {
        outbox.withLockedValue { $0.bufferedBytes }
    }

    /// Completes when TCP has ended, after the delegate was told.
    public var closeFuture: EventLoopFuture<Void> { channel.closeFuture }

    /// Accepts a message; messages leave in the order accepted. After `close`, or once the connection has ended,
    /// it is dropped without a word: the delegate hears the closure.
    public func send(_ message: WebSocketMessage) {
        accept { $0.append(CollectionOfOne(message)) }
    }

    /// Accepts binary messages that leave together.
    public func send(_ frames: [ByteBuffer]) {
        accept { $0.append(frames.lazy.map { .binary($0) }) }
    }

    /// Sends a close frame behind everything accepted so far, waits up to `closeTimeout` for the peer's, and closes
    /// TCP. No message is delivered after it, if called on the event loop. Only the first close counts.
    ///
    /// - Parameters:
    ///   - code: a code that RFC 6455 §7.4 allows in a frame; any other is sent as 1011.
    ///   - reason: for the peer to read; cut to the 123 bytes a close frame can carry.
    public func close(code: UInt16 = 1000, reason: String) {
        let sendable = WebSocketCloseCode.isSendable(code) ? code : WebSocketCloseCode.internalError
        accept { $0.appendClose(code: sendable, reason: reason) }
    }

    /// Asks the peer for a sign of life now; the delegate hears its pong, or nothing where the connection has ended.
    public func ping() {
        onEventLoop { $0.ping() }
    }

    /// Stops reading from the socket, so that the peer feels back-pressure. A read already asked for is still
    /// delivered when it brings something. The peer cannot be found dead meanwhile.
    public func pauseReading() {
        onEventLoop { $0.holdReading(true) }
    }

    public func resumeReading() {
        onEventLoop { $0.holdReading(false) }
    }

    private func accept(_ change: (inout WebSocketOutbox) -> Bool) {
        guard outbox.withLockedValue(change) else { return }
        if eventLoop.inEventLoop, handler.value.isInReadBurst { return }
        eventLoop.execute { self.handler.value.drain() }
    }

    private func onEventLoop(_ action: @escaping @Sendable (WebSocketHandler) -> Void) {
        if eventLoop.inEventLoop {
            action(handler.value)
        } else {
            eventLoop.execute { action(self.handler.value) }
        }
    }
}

extension WebSocketConnection {
    /// Turns a channel whose upgrade is done into a connection. To be called on the channel's event loop; throws
    /// when the channel has ended, and then the delegate hears nothing.
    package static func open(
        on channel: any Channel,
        as role: WebSocketRole,
        limits: WebSocketLimits,
        delegate: any WebSocketDelegate
    ) throws -> WebSocketConnection {
        // The HTTP server lets a peer close its side alone, which no WebSocket does. A channel that ends while the last bytes are read would
        // then be half-closed after its end, which the transport takes for a fault.
        try? channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
        if let reads = limits.readsPerTurn { try? channel.syncOptions?.setOption(.maxMessagesPerRead, value: reads) }
        if let bytes = limits.readBytes {
            try? channel.syncOptions?.setOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: bytes))
        }
        let outbox = NIOLockedValueBox(WebSocketOutbox(role: role))
        let handler = WebSocketHandler(role: role, limits: limits, outbox: outbox, now: channel.eventLoop.now)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(ByteToMessageHandler(handler.intake))
        try pipeline.addHandler(handler)
        let connection = WebSocketConnection(channel: channel, handler: handler, outbox: outbox)
        handler.audience = .init(connection: connection, delegate: delegate)
        return connection
    }
}
