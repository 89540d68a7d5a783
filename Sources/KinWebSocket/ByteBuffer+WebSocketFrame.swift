import NIOCore
import NIOWebSocket

extension ByteBuffer {
    /// Appends one unfragmented frame (RFC 6455 §5.2).
    ///
    /// - Parameter mask: the four masking bytes, most significant first; a client must mask, a server must not.
    mutating func writeWebSocketFrame(_ opcode: WebSocketOpcode, _ payload: ByteBuffer, mask: UInt32?) {
        writeWebSocketHeader(opcode, length: payload.readableBytes, mask: mask)
        guard let mask else {
            writeImmutableBuffer(payload)
            return
        }
        writeImmutableBuffer(payload, webSocketMask: mask)
    }

    mutating func writeWebSocketFrame(_ message: WebSocketMessage, mask: UInt32?) {
        switch message {
        case .binary(let bytes):
            writeWebSocketFrame(.binary, bytes, mask: mask)
        case .text(let text):
            writeWebSocketHeader(.text, length: text.utf8.count, mask: mask)
            let start = writerIndex
            writeString(text)
            if let mask { applyWebSocketMask(mask, from: start) }
        }
    }

    /// Appends a close frame; a reason too long for a control frame is cut at a character.
    mutating func writeWebSocketClose(code: UInt16?, reason: String, mask: UInt32?) {
        var payload = ByteBuffer()
        if let code {
            payload.writeInteger(code)
            for character in reason {
                guard payload.readableBytes + character.utf8.count <= 125 else { break }
                payload.writeString(String(character))
            }
        }
        writeWebSocketFrame(.connectionClose, payload, mask: mask)
    }

    /// Appends bytes and masks or unmasks them on the way; the two are the same operation (RFC 6455 §5.3).
    mutating func writeImmutableBuffer(_ bytes: ByteBuffer, webSocketMask mask: UInt32) {
        bytes.withUnsafeReadableBytes { source in
            _ = writeWithUnsafeMutableBytes(minimumWritableBytes: source.count) { target in
                Self.copy(source, into: target, webSocketMask: mask)
                return source.count
            }
        }
    }

    /// Size of a frame's header in bytes.
    static func webSocketHeaderSize(payload length: Int, isMasked: Bool) -> Int {
        let size = length <= 125 ? 2 : length <= Int(UInt16.max) ? 4 : 10
        return isMasked ? size + 4 : size
    }

    mutating func writeWebSocketHeader(_ opcode: WebSocketOpcode, length: Int, mask: UInt32?) {
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        writeInteger(0x80 | UInt8(webSocketOpcode: opcode))
        switch length {
        case ...125:
            writeInteger(maskBit | UInt8(length))
        case ...Int(UInt16.max):
            writeInteger(maskBit | 126)
            writeInteger(UInt16(length))
        default:
            writeInteger(maskBit | 127)
            writeInteger(UInt64(length))
        }
        if let mask { writeInteger(mask) }
    }

    private mutating func applyWebSocketMask(_ mask: UInt32, from start: Int) {
        let offset = start - readerIndex
        withUnsafeMutableReadableBytes { readable in
            let bytes = UnsafeMutableRawBufferPointer(rebasing: readable[offset...])
            Self.copy(UnsafeRawBufferPointer(bytes), into: bytes, webSocketMask: mask)
        }
    }

    /// 32 bytes a step: masking touches every byte a client sends and a server receives.
    /// - Parameter target: has room for all of `source`, and may be it.
    private static func copy(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, webSocketMask mask: UInt32
    ) {
        let words = SIMD8<UInt32>(repeating: mask.bigEndian)
        var index = 0
        while index + 32 <= source.count {
            let bytes = source.loadUnaligned(fromByteOffset: index, as: SIMD8<UInt32>.self)
            target.storeBytes(of: bytes ^ words, toByteOffset: index, as: SIMD8<UInt32>.self)
            index += 32
        }
        while index < source.count {
            target[index] = source[index] ^ UInt8(truncatingIfNeeded: mask >> (24 - 8 * (index % 4)))
            index += 1
        }
    }
}
