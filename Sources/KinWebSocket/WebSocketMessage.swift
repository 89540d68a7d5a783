import NIOCore

/// One whole message of a WebSocket (RFC 6455 §5.6), put together from its fragments.
public enum WebSocketMessage: Sendable, Equatable {
    /// A binary message, unmasked.
    case binary(ByteBuffer)
    /// A text message; valid UTF-8 by the time it is seen.
    case text(String)

    /// Length of the payload in bytes.
    public var byteCount: Int {
        switch self {
        case .binary(let bytes): bytes.readableBytes
        case .text(let text): text.utf8.count
        }
    }
}
