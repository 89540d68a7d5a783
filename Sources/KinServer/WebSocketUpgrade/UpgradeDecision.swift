import HTTPTypes
import KinWebSocket
import NIOCore
import NIOHTTP1

/// What a server does with a request that asks for a WebSocket.
public enum UpgradeDecision: Sendable {
    /// Upgrade. `opened` is called on the connection's event loop, before anything is received; if the peer goes
    /// away during the upgrade neither it nor the delegate is ever called.
    case accept(any WebSocketDelegate, WebSocketLimits, opened: @Sendable (WebSocketConnection) -> Void)
    /// Answer with this status and JSON body, and close.
    case refuse(HTTPResponse.Status, body: String)
    /// Leave it to the HTTP router, as a request that asks for no upgrade.
    case notWebSocket
}

/// Decides on a request whose WebSocket handshake is already known to be well-formed.
///
/// Called on the connection's event loop, so it must not block. `remote` is the address the connection came from.
public typealias UpgradePolicy = @Sendable (_ head: HTTPRequestHead, _ remote: SocketAddress?) -> UpgradeDecision
