import KinWebSocket
import NIOCore
import NIOHTTP1
import Synchronization

/// One WebSocket whose messages pass through somebody's hands on their way to a real server on this machine, and back.
final class Passage: WebSocketDelegate {
    /// Who said something: the client, or the server.
    enum Side: Hashable, Sendable { case near, far }

    /// What becomes of a message: nothing, itself, or others.
    typealias Hands = @Sendable (WebSocketMessage, Side) -> [WebSocketMessage]

    private struct State {
        var near: WebSocketConnection?
        var far: WebSocketConnection?
        var early: [WebSocketMessage] = []
    }

    private let url: String
    private let headers: HTTPHeaders
    private let hands: Hands
    private let onLeft: @Sendable (WebSocketClosure) -> Void
    private let state = Mutex(State())

    static let limits = WebSocketLimits(maxMessageBytes: 1 << 20, maxBufferedBytes: 8 << 20)

    /// - Parameters:
    ///   - url: where it leads.
    ///   - onLeft: called with the server's closure where the client was lost before.
    init(
        to url: String, headers: HTTPHeaders = [:], hands: @escaping Hands,
        onLeft: @escaping @Sendable (WebSocketClosure) -> Void = { _ in }
    ) {
        self.url = url
        self.headers = headers
        self.hands = hands
        self.onLeft = onLeft
    }

    /// Whether the client was not lost.
    var isOpen: Bool { state.withLock { $0.near != nil } }

    func opened(_ connection: WebSocketConnection) {
        state.withLock { $0.near = connection }
        Task {
            let far = try? await WebSocketClient.connect(
                to: url, headers: headers, tls: nil, limits: Self.limits, deadline: .seconds(5),
                on: connection.eventLoop, delegate: Far(self))
            guard let far else { return connection.close(code: 1011, reason: "the real server does not answer") }
            let early = state.withLock { state in
                state.far = far
                defer { state.early = [] }
                return state.early
            }
            for message in early { far.send(message) }
        }
    }

    /// Says something to the client, as if the server had.
    func tell(_ messages: [WebSocketMessage]) {
        let near = state.withLock { $0.near }
        for message in messages { near?.send(message) }
    }

    /// Cuts the client off, of which the server hears nothing.
    func loseClient(code: UInt16, reason: String) {
        let near = state.withLock { state in
            defer { state.near = nil }
            return state.near
        }
        near?.close(code: code, reason: reason)
    }

    /// Ends both sides.
    func cut(code: UInt16, reason: String) {
        let (near, far) = state.withLock { ($0.near, $0.far) }
        near?.close(code: code, reason: reason)
        far?.close(code: 1001, reason: "cut")
    }

    func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage) {
        for message in hands(message, .near) {
            let far = state.withLock { state in
                if state.far == nil { state.early.append(message) }
                return state.far
            }
            far?.send(message)
        }
    }

    func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) {
        // Of a client that was lost the server hears nothing.
        let far = state.withLock { $0.near == nil ? nil : $0.far }
        far?.close(code: closure.code ?? 1001, reason: closure.reason)
    }

    fileprivate func fromServer(_ message: WebSocketMessage) {
        guard isOpen else { return }
        tell(hands(message, .far))
    }

    fileprivate func serverClosed(_ closure: WebSocketClosure) {
        guard let near = state.withLock({ $0.near }) else { return onLeft(closure) }
        near.close(code: closure.code ?? 1001, reason: closure.reason)
    }
}

/// The server's side of it.
private final class Far: WebSocketDelegate {
    private let passage: Passage

    init(_ passage: Passage) { self.passage = passage }

    func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage) {
        passage.fromServer(message)
    }

    func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) {
        passage.serverClosed(closure)
    }
}
