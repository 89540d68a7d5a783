import KinTesting
import NIOCore
import NIOPosix

/// A TCP client that says exactly the bytes it is told, and keeps what comes back.
struct RawPeer {
    struct Heard: Sendable {
        var bytes = ByteBuffer()
        var isEnded = false

        var text: String { String(buffer: bytes) }

        /// Length of the HTTP head at the start, blank line included.
        var answerLength: Int? {
            let view = bytes.readableBytesView
            return view.firstRange(of: "\r\n\r\n".utf8).map { $0.upperBound - view.startIndex }
        }
    }

    static let handshake = handshake(for: "/mesh")

    static func handshake(for path: String) -> String {
        """
        GET \(path) HTTP/1.1\r
        Host: 127.0.0.1\r
        Connection: keep-alive, Upgrade\r
        Upgrade: websocket\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
        \r\n
        """
    }

    let channel: any Channel
    let heard: Observed<Heard>

    /// - Parameter isReading: `false` makes a peer that never takes anything from its socket.
    static func connect(to port: Int, isReading: Bool = true) async throws -> RawPeer {
        let heard = Observed(Heard())
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: isReading)
            .channelOption(.socketOption(.so_rcvbuf), value: 1 << 16)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Reader(heard: heard))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .get()
        channel.closeFuture.whenComplete { _ in heard.update { $0.isEnded = true } }
        return RawPeer(channel: channel, heard: heard)
    }

    func send(_ text: String) {
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    func send(_ bytes: [UInt8]) {
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    /// Upgrades, and forgets the answer but not the frames that may already follow it.
    func upgrade(_ path: String = "/mesh") async throws {
        send(Self.handshake(for: path))
        try await heard.wait { $0.answerLength != nil }
        heard.update { $0.bytes.moveReaderIndex(forwardBy: $0.answerLength ?? 0) }
    }

    func waitForEnd(within limit: TimeAmount = .seconds(20)) async throws {
        try await heard.wait(within: limit) { $0.isEnded }
    }

    func close() async {
        try? await channel.close()
    }

    /// A masked frame of up to 125 bytes, as a client sends it.
    static func frame(_ firstByte: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let key: [UInt8] = [9, 8, 7, 6]
        let masked = payload.enumerated().map { $1 ^ key[$0 % 4] }
        return [firstByte, 0x80 | UInt8(payload.count)] + key + masked
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let heard: Observed<Heard>

        init(heard: Observed<Heard>) {
            self.heard = heard
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            heard.update { $0.bytes.writeImmutableBuffer(bytes) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
