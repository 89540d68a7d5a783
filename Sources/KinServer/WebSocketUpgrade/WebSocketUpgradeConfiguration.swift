import NIOCore

/// Time and memory that a connection gets before and beside its WebSocket.
public struct WebSocketUpgradeConfiguration: Sendable {
    /// From the accepted connection to its first whole request head, TLS handshake included.
    public var negotiationTimeout: TimeAmount
    /// After which an idle HTTP keep-alive connection is closed.
    public var idleTimeout: TimeAmount
    /// Within which 64 KiB of an HTTP answer, or what is left of it, have to be taken.
    public var answerTimeout: TimeAmount
    /// Largest sum of all header fields of one request, in bytes.
    public var maxHeaderBytes: Int
    /// Largest number of header fields of one request.
    public var maxHeaderCount: Int

    public init(
        negotiationTimeout: TimeAmount = .seconds(5),
        idleTimeout: TimeAmount = .seconds(60),
        answerTimeout: TimeAmount = .seconds(10),
        maxHeaderBytes: Int = 1 << 15,
        maxHeaderCount: Int = 100
    ) {
        self.negotiationTimeout = negotiationTimeout
        self.idleTimeout = idleTimeout
        self.answerTimeout = answerTimeout
        self.maxHeaderBytes = maxHeaderBytes
        self.maxHeaderCount = maxHeaderCount
    }
}
