import KinWebSocket
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Leaves the handshake's answer to NIO, and puts the accepted connection behind it.
struct WebSocketServerUpgrader: NIOTypedHTTPServerProtocolUpgrader {
    private let handshake = NIOTypedWebSocketServerUpgrader<Void>(
        shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
        upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
    )
    private let accepted: NIOLoopBoundBox<AcceptedUpgrade?>

    init(accepted: NIOLoopBoundBox<AcceptedUpgrade?>) {
        self.accepted = accepted
    }

    var supportedProtocol: String { handshake.supportedProtocol }
    var requiredUpgradeHeaders: [String] { handshake.requiredUpgradeHeaders }

    func buildUpgradeResponse(
        channel: any Channel,
        upgradeRequest: HTTPRequestHead,
        initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        handshake.buildUpgradeResponse(
            channel: channel,
            upgradeRequest: upgradeRequest,
            initialResponseHeaders: initialResponseHeaders
        )
    }

    func upgrade(
        channel: any Channel,
        upgradeRequest: HTTPRequestHead
    ) -> EventLoopFuture<HTTP1WebSocketChannel.Outcome> {
        channel.eventLoop.makeCompletedFuture {
            guard let upgrade = accepted.value else { throw ChannelError.inappropriateOperationForState }
            accepted.value = nil
            let connection = try WebSocketConnection.open(
                on: channel,
                as: .server,
                limits: upgrade.limits,
                delegate: upgrade.delegate
            )
            upgrade.opened(connection)
            return .webSocket
        }
    }
}
