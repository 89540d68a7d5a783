import KinTesting
import KinWebSocket
import NIOCore
import NIOEmbedded
import NIOWebSocket

/// A connection on an embedded channel: virtual time, hand-made frames, and a dam that plays a peer who does not read.
final class PipelineBench {
    /// Holds writes back while closed, as a full socket would.
    final class Dam: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private var held: [(NIOAny, EventLoopPromise<Void>?)] = []
        private(set) var flushes = 0
        private(set) var reads = 0
        var isClosed = false

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            held.append((data, promise))
        }

        func flush(context: ChannelHandlerContext) {
            flushes += 1
            if !isClosed { release(context: context) }
        }

        func read(context: ChannelHandlerContext) {
            reads += 1
            context.read()
        }

        func release(context: ChannelHandlerContext) {
            let writes = held
            held = []
            for (data, promise) in writes { context.write(data, promise: promise) }
            context.flush()
        }
    }

    let channel = EmbeddedChannel()
    let delegate: RecordingDelegate
    let connection: WebSocketConnection
    let role: WebSocketRole
    let dam = Dam()

    init(
        _ role: WebSocketRole,
        limits: WebSocketLimits = .init(maxMessageBytes: 1024),
        delegate: RecordingDelegate = .init()
    ) throws {
        self.role = role
        self.delegate = delegate
        try channel.pipeline.syncOperations.addHandler(dam)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        connection = try .open(on: channel, as: role, limits: limits, delegate: delegate)
    }

    var heard: RecordingDelegate.Heard { delegate.heard.value }

    /// Sends frames to the connection in one socket read, masked as its peer would.
    func receive(_ frames: WebSocketFrame...) throws {
        var bytes = ByteBuffer()
        for frame in frames { bytes.writeImmutableBuffer(try Self.encode(frame)) }
        try receive(bytes)
    }

    func receive(_ bytes: ByteBuffer) throws {
        try channel.writeInbound(bytes)
        channel.embeddedEventLoop.run()
    }

    func frame(
        _ opcode: WebSocketOpcode,
        _ text: String = "",
        fin: Bool = true,
        rsv1: Bool = false
    ) -> WebSocketFrame {
        frame(opcode, bytes: ByteBuffer(string: text), fin: fin, rsv1: rsv1)
    }

    func frame(
        _ opcode: WebSocketOpcode,
        bytes: ByteBuffer,
        fin: Bool = true,
        rsv1: Bool = false
    ) -> WebSocketFrame {
        let key: WebSocketMaskingKey? = role == .server ? [1, 2, 3, 4] : nil
        return WebSocketFrame(fin: fin, rsv1: rsv1, opcode: opcode, maskKey: key, data: bytes)
    }

    func closeFrame(_ code: UInt16, _ reason: String = "") -> WebSocketFrame {
        var bytes = ByteBuffer(integer: code)
        bytes.writeString(reason)
        return frame(.connectionClose, bytes: bytes)
    }

    func advance(_ time: TimeAmount) {
        channel.embeddedEventLoop.advanceTime(by: time)
    }

    func openDam() throws {
        dam.isClosed = false
        dam.release(context: try channel.pipeline.syncOperations.context(handler: dam))
        channel.embeddedEventLoop.run()
    }

    /// The frames written since the last call, decoded by NIO's own decoder and unmasked.
    func sent() throws -> [WebSocketFrame] {
        channel.embeddedEventLoop.run()
        let peer = EmbeddedChannel(handler: ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 1 << 24)))
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { try peer.writeInbound(bytes) }
        var frames: [WebSocketFrame] = []
        while let frame = try peer.readInbound(as: WebSocketFrame.self) { frames.append(frame) }
        return frames
    }

    /// Encoded by NIO's own encoder.
    private static func encode(_ frame: WebSocketFrame) throws -> ByteBuffer {
        let encoder = EmbeddedChannel(handler: WebSocketFrameEncoder())
        try encoder.writeOutbound(frame)
        var bytes = ByteBuffer()
        while let part = try encoder.readOutbound(as: ByteBuffer.self) { bytes.writeImmutableBuffer(part) }
        return bytes
    }
}

extension WebSocketFrame {
    var text: String { String(buffer: unmaskedData) }

    /// Code and reason of a close frame.
    var farewell: (code: UInt16?, reason: String) {
        var bytes = unmaskedData
        return (bytes.readInteger(as: UInt16.self), String(buffer: bytes))
    }
}
