/// Hears what happens on one connection, always on the connection's event loop, so it must not block.
///
/// The messages of one socket read come one by one and are followed by one `webSocketDidCompleteRead(_:)`;
/// what is sent meanwhile leaves in one write after it. Nothing comes after `webSocket(_:closed:)`.
public protocol WebSocketDelegate: AnyObject, Sendable {
    func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage)

    /// A pong came, whoever asked for it.
    func webSocketHeardPong(_ connection: WebSocketConnection)

    /// The messages of one socket read have been delivered.
    func webSocketDidCompleteRead(_ connection: WebSocketConnection)

    /// How many bytes are held of a message that is not whole: after each read that changed it. At the connection's end it is not told that they are gone.
    func webSocket(_ connection: WebSocketConnection, holds unfinishedBytes: Int)

    /// `false` when `bufferedBytes` has passed `maxBufferedBytes`, `true` when it has fallen to half of that.
    func webSocket(_ connection: WebSocketConnection, becameWritable isWritable: Bool)

    /// TCP has ended. Called exactly once for every connection that was opened.
    func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure)
}

extension WebSocketDelegate {
    public func webSocketHeardPong(_ connection: WebSocketConnection) {}
    public func webSocketDidCompleteRead(_ connection: WebSocketConnection) {}
    public func webSocket(_ connection: WebSocketConnection, holds unfinishedBytes: Int) {}
    public func webSocket(_ connection: WebSocketConnection, becameWritable isWritable: Bool) {}
}
