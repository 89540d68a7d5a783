import NIOCore
import NIOWebSocket

extension WebSocketHandler {
    /// Size of one write to the channel in bytes: `bufferedBytes` falls in steps no coarser than this.
    private static let chunkBytes = 1 << 16
    /// From here on one write more costs less than a copy.
    private static let wholeBytes = 1 << 13

    /// Encodes and writes everything accepted so far, with one flush.
    func drain() {
        guard case .open = phase, let context else { return }
        let (items, bytes) = outbox.withLockedValue { $0.take() }
        let copied = bytes - items.reduce(0) { $0 + (uncopied($1)?.readableBytes ?? 0) }
        var buffer = context.channel.allocator.buffer(capacity: min(copied, 2 * Self.chunkBytes))
        for item in items {
            if let payload = uncopied(item) {
                buffer.writeWebSocketHeader(.binary, length: payload.readableBytes, mask: nil)
                write(&buffer, in: context)
                write(payload, in: context)
                continue
            }
            switch item {
            case .message(let message):
                buffer.writeWebSocketFrame(message, mask: nextMask())
                if buffer.readableBytes >= Self.chunkBytes { write(&buffer, in: context) }
            case .close(let code, let reason):
                write(&buffer, in: context)
                return startClosing(.init(code: code, reason: reason, origin: .local))
            }
        }
        write(&buffer, in: context)
        writeOwedPong(in: context)
        context.flush()
        weighBacklog()
    }

    /// The payload that is written as it is, and not copied behind its header: large, and not to be masked.
    private func uncopied(_ item: WebSocketOutbox.Item) -> ByteBuffer? {
        guard role == .server, case .message(.binary(let payload)) = item, payload.readableBytes >= Self.wholeBytes
        else { return nil }
        return payload
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, owedPong != nil, case .open = phase {
            writeOwedPong(in: context)
            context.flush()
        }
        context.fireChannelWritabilityChanged()
    }

    func nextMask() -> UInt32? {
        role == .client ? UInt32.random(in: .min ... .max) : nil
    }

    func writeControl(_ opcode: WebSocketOpcode, _ payload: ByteBuffer, in context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(capacity: 16 + payload.readableBytes)
        buffer.writeWebSocketFrame(opcode, payload, mask: nextMask())
        context.write(wrapOutboundOut(buffer), promise: nil)
    }

    private func writeOwedPong(in context: ChannelHandlerContext) {
        guard context.channel.isWritable, let payload = owedPong else { return }
        owedPong = nil
        writeControl(.pong, payload, in: context)
    }

    private func write(_ buffer: inout ByteBuffer, in context: ChannelHandlerContext) {
        write(buffer, in: context)
        buffer.clear(minimumCapacity: 0)
    }

    private func write(_ bytes: ByteBuffer, in context: ChannelHandlerContext) {
        var buffer = bytes
        while let chunk = buffer.readSlice(length: min(Self.chunkBytes, buffer.readableBytes)), chunk.readableBytes > 0
        {
            let count = chunk.readableBytes
            let promise = context.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenComplete { _ in self.written(count) }
            context.write(wrapOutboundOut(chunk), promise: promise)
        }
    }

    private func written(_ bytes: Int) {
        outbox.withLockedValue { $0.written(bytes) }
        weighBacklog()
    }
}
