/// How a connection ended; given to the delegate exactly once.
public struct WebSocketClosure: Sendable, Equatable {
    /// Who ended it.
    public enum Origin: Sendable, Equatable {
        /// The peer sent the first close frame.
        case peer
        /// This side decided to: `close(code:reason:)`, shutdown, a reader that was too slow (4008), or a message that was not finished in time (1008).
        case local
        /// Nobody meant it: TCP ended without a close frame, the peer fell silent, or it broke the protocol.
        case lost
    }

    /// Close code of RFC 6455 §7.4: the peer's when `origin` is `.peer`, otherwise the one sent to it.
    /// `nil` when the close frame carried none, or there was no close frame.
    public let code: UInt16?
    /// Why, in words; what the peer wrote when `origin` is `.peer`, then possibly empty.
    public let reason: String
    public let origin: Origin

    public init(code: UInt16?, reason: String, origin: Origin) {
        self.code = code
        self.reason = reason
        self.origin = origin
    }
}
