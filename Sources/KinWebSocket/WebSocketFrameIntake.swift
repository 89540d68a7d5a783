import NIOCore
import NIOWebSocket

/// The frame decoder, and how much it holds of a frame that is not whole.
final class WebSocketFrameIntake: ByteToMessageDecoder {
    typealias InboundOut = WebSocketFrame

    private let decoder: WebSocketFrameDecoder
    /// Bytes of the frame under way, its header left out.
    private(set) var heldBytes = 0

    init(maxFrameBytes: Int) { decoder = WebSocketFrameDecoder(maxFrameSize: maxFrameBytes) }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        defer { heldBytes = buffer.readableBytes }
        return try decoder.decode(context: context, buffer: &buffer)
    }

    func decodeLast(context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool) throws -> DecodingState {
        try decode(context: context, buffer: &buffer)
    }
}
