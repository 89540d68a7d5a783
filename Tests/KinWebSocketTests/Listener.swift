import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// A server on a free port of 127.0.0.1 that treats each connection as the test says.
struct Listener {
    let port: Int
    private let channel: any Channel

    var url: String { "ws://127.0.0.1:\(port)/mesh?secret=1" }

    static func start(
        _ configure: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) async throws -> Listener {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).childChannelInitializer(configure)
        let channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
        return Listener(port: channel.localAddress?.port ?? 0, channel: channel)
    }

    /// Writes the same bytes to whoever says anything.
    static func answering(_ answer: String, thenClose: Bool = false) async throws -> Listener {
        try await start { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Answer(text: answer, thenClose: thenClose))
            }
        }
    }

    /// NIO's own WebSocket server, an implementation apart from the one under test.
    static func frames(
        _ onFrame: @escaping @Sendable (WebSocketFrame, any Channel) -> Void
    ) async throws -> Listener {
        try await start { channel in
            channel.eventLoop.makeCompletedFuture {
                let upgrader = NIOTypedWebSocketServerUpgrader<Void>(
                    maxFrameSize: 1 << 20,
                    shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
                    upgradePipelineHandler: { channel, _ in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(FrameReader(onFrame: onFrame))
                        }
                    }
                )
                let upgrade = NIOTypedHTTPServerUpgradeConfiguration(
                    upgraders: [upgrader],
                    notUpgradingCompletionHandler: { $0.close() }
                )
                _ = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
                    configuration: .init(upgradeConfiguration: upgrade)
                )
            }
        }
    }

    func stop() async throws {
        try await channel.close()
    }

    private final class Answer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let text: String
        private let thenClose: Bool

        init(text: String, thenClose: Bool) {
            self.text = text
            self.thenClose = thenClose
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            if thenClose { context.close(promise: nil) }
        }
    }

    private final class FrameReader: ChannelInboundHandler {
        typealias InboundIn = WebSocketFrame

        private let onFrame: @Sendable (WebSocketFrame, any Channel) -> Void

        init(onFrame: @escaping @Sendable (WebSocketFrame, any Channel) -> Void) {
            self.onFrame = onFrame
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            onFrame(unwrapInboundIn(data), context.channel)
        }
    }
}
