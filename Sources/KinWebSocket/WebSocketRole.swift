/// Which end of the connection this is: only clients mask (RFC 6455 §5.1).
package enum WebSocketRole: Sendable {
    case client
    case server
}
