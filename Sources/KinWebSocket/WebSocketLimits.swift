import NIOCore

/// What one connection may cost, and how long it may be silent or slow.
public struct WebSocketLimits: Sendable, Equatable {
    /// Largest payload of one message, all fragments together; a larger one closes with 1009. At most 4 GiB - 1.
    public var maxMessageBytes: Int
    /// Time between the pings this side sends.
    public var pingInterval: TimeAmount
    /// A peer from which no byte came for this long is taken for dead.
    public var deadAfter: TimeAmount
    /// Within which a message has to be whole, from its first byte on, while this side reads; else the peer is closed with 1008. nil: no bound.
    public var messageWithin: TimeAmount?
    /// Bytes accepted by `send` and not yet taken by the kernel beyond which the peer counts as slow.
    public var maxBufferedBytes: Int
    /// A peer that keeps `bufferedBytes` above `maxBufferedBytes` for this long is closed with 4008.
    public var slowReaderAfter: TimeAmount
    /// Reads of the socket, of at most 64 KiB each, before `webSocketDidCompleteRead(_:)`; nil: as many as NIO makes.
    /// With 1, what a peer sends between `pauseReading()` being due and being called is bounded.
    public var readsPerTurn: UInt?
    /// Bytes of one read, which stay set aside for the connection: few where little ever comes. nil: as many as come, up to 64 KiB.
    public var readBytes: Int?
    /// How long a sent close frame waits for the peer's before TCP is closed.
    public var closeTimeout: TimeAmount

    public init(
        maxMessageBytes: Int,
        pingInterval: TimeAmount = .seconds(20),
        deadAfter: TimeAmount = .seconds(60),
        messageWithin: TimeAmount? = nil,
        maxBufferedBytes: Int = 1 << 20,
        slowReaderAfter: TimeAmount = .seconds(10),
        readsPerTurn: UInt? = nil,
        readBytes: Int? = nil,
        closeTimeout: TimeAmount = .seconds(2)
    ) {
        self.maxMessageBytes = maxMessageBytes
        self.pingInterval = pingInterval
        self.deadAfter = deadAfter
        self.messageWithin = messageWithin
        self.maxBufferedBytes = maxBufferedBytes
        self.slowReaderAfter = slowReaderAfter
        self.readsPerTurn = readsPerTurn
        self.readBytes = readBytes
        self.closeTimeout = closeTimeout
    }

    /// What the frame decoder is told: control frames must pass however small messages have to be, and it traps
    /// above 32 bits.
    var maxFrameBytes: Int {
        min(max(maxMessageBytes, 125), Int(UInt32.max))
    }
}
