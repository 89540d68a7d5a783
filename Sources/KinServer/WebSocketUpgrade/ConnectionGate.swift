import NIOCore

/// Asked for each accepted connection on its event loop, so it must not block: the place to limit connections by address.
public struct ConnectionGate: Sendable {
    public enum Answer: Sendable {
        /// - Parameter leave: called once, when the connection has ended.
        case open(leave: @Sendable () -> Void)
        /// Its first request is answered with this status and JSON body, whatever it is.
        case refuse(status: Int, body: String, leave: @Sendable () -> Void)
        /// Closed at once.
        case close
    }

    let enter: @Sendable (SocketAddress?) -> Answer

    public init(_ enter: @escaping @Sendable (SocketAddress?) -> Answer) { self.enter = enter }

    public static let open = ConnectionGate { _ in .open {} }
}

/// Stands next to the socket and asks the gate as soon as there is an address.
final class ConnectionGatekeeper: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    /// What the first request is to be answered.
    private(set) var refusal: (status: Int, body: String)?
    private let gate: ConnectionGate
    private var leave: (@Sendable () -> Void)?

    init(_ gate: ConnectionGate) { self.gate = gate }

    func channelActive(context: ChannelHandlerContext) {
        switch gate.enter(context.channel.remoteAddress) {
        case .open(let leave): self.leave = leave
        case .refuse(let status, let body, let leave): (refusal, self.leave) = ((status, body), leave)
        case .close: return context.close(promise: nil)
        }
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave?()
        leave = nil
    }
}
