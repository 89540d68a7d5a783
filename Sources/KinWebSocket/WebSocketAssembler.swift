import NIOCore
import NIOWebSocket

/// Turns decoded frames into messages and control events, and finds what breaks RFC 6455.
///
/// A state machine without a socket: any frame whatever gives an event, and no more than
/// `maxMessageBytes` of fragments are held.
struct WebSocketAssembler {
    enum Event: Equatable {
        case message(WebSocketMessage)
        /// A fragment was kept; its message is not complete.
        case incomplete
        case ping(ByteBuffer)
        case pong
        case close(code: UInt16?, reason: String)
        /// The peer broke the protocol: close with this code. The assembler must not be used again.
        case violation(code: UInt16, reason: String)
    }

    private let expectsMask: Bool
    private let maxMessageBytes: Int
    private var partial: (isText: Bool, bytes: ByteBuffer)?

    /// Bytes of the fragments that are held; nil between messages.
    var unfinishedBytes: Int? { partial?.bytes.readableBytes }

    init(role: WebSocketRole, maxMessageBytes: Int) {
        self.expectsMask = role == .server
        self.maxMessageBytes = maxMessageBytes
    }

    mutating func receive(_ frame: WebSocketFrame) -> Event {
        if frame.rsv1 || frame.rsv2 || frame.rsv3 {
            return .violation(code: WebSocketCloseCode.protocolError, reason: "a reserved bit is set")
        }
        if (frame.maskKey != nil) != expectsMask {
            let fault = expectsMask ? "a client's frame is not masked" : "a server's frame is masked"
            return .violation(code: WebSocketCloseCode.protocolError, reason: fault)
        }
        switch frame.opcode {
        case .binary: return begin(frame, isText: false)
        case .text: return begin(frame, isText: true)
        case .continuation: return resume(frame)
        case .ping: return .ping(frame.payload)
        case .pong: return .pong
        case .connectionClose: return close(frame.payload)
        default: return .violation(code: WebSocketCloseCode.protocolError, reason: "the opcode is reserved")
        }
    }

    private mutating func begin(_ frame: WebSocketFrame, isText: Bool) -> Event {
        guard partial == nil else {
            let fault = "a message began before the previous one was finished"
            return .violation(code: WebSocketCloseCode.protocolError, reason: fault)
        }
        guard frame.length <= maxMessageBytes else { return tooLarge }
        guard frame.fin else {
            partial = (isText, frame.payload)
            return .incomplete
        }
        return message(frame.payload, isText: isText)
    }

    private mutating func resume(_ frame: WebSocketFrame) -> Event {
        guard let isText = partial?.isText, let held = partial?.bytes.readableBytes else {
            let fault = "a continuation came without a message to continue"
            return .violation(code: WebSocketCloseCode.protocolError, reason: fault)
        }
        guard frame.length <= maxMessageBytes - held else { return tooLarge }
        partial?.bytes.writeImmutableBuffer(frame.payload)
        guard frame.fin, let bytes = partial?.bytes else { return .incomplete }
        partial = nil
        return message(bytes, isText: isText)
    }

    private var tooLarge: Event {
        .violation(code: WebSocketCloseCode.tooLarge, reason: "the message is larger than \(maxMessageBytes) bytes")
    }

    private func message(_ bytes: ByteBuffer, isText: Bool) -> Event {
        guard isText else { return .message(.binary(bytes)) }
        guard let text = bytes.validText else {
            return .violation(code: WebSocketCloseCode.invalidPayload, reason: "a text message is not valid UTF-8")
        }
        return .message(.text(text))
    }

    private func close(_ payload: ByteBuffer) -> Event {
        var payload = payload
        guard payload.readableBytes > 0 else { return .close(code: nil, reason: "") }
        guard let code = payload.readInteger(as: UInt16.self), WebSocketCloseCode.isSendable(code) else {
            let fault = "the close frame has no code that may be sent"
            return .violation(code: WebSocketCloseCode.protocolError, reason: fault)
        }
        guard let reason = payload.validText else {
            return .violation(code: WebSocketCloseCode.invalidPayload, reason: "a close reason is not valid UTF-8")
        }
        return .close(code: code, reason: reason)
    }
}

extension ByteBuffer {
    /// All readable bytes as text, or `nil` when they are not UTF-8.
    fileprivate var validText: String? {
        var copy = self
        return try? copy.readUTF8ValidatedString(length: copy.readableBytes)
    }
}

extension WebSocketFrame {
    /// The unmasked payload. A masked one is copied, which also frees it from the read buffer it was cut from.
    fileprivate var payload: ByteBuffer {
        guard let maskKey else { return data }
        var bytes = ByteBufferAllocator().buffer(capacity: data.readableBytes)
        bytes.writeImmutableBuffer(data, webSocketMask: maskKey.reduce(0) { $0 << 8 | UInt32($1) })
        return bytes
    }
}
