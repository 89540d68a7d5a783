import KinBroker
import KinWebSocket
import KinWire
import NIOCore
import Synchronization

/// Connects one WebSocket on `/mesh` to its broker session.
final class MeshEndpoint: WebSocketDelegate, FrameSink {
    private let broker: Broker
    private let metrics: ServerMetrics
    private struct State {
        var connection: WebSocketConnection?
        var session: BrokerSession?
    }
    private let state = Mutex(State())

    init(broker: Broker, metrics: ServerMetrics) {
        self.broker = broker
        self.metrics = metrics
    }

    func opened(_ connection: WebSocketConnection) {
        state.withLock { $0.connection = connection }
        let session = broker.open(self)
        state.withLock { $0.session = session }
    }

    // MARK: From the socket

    func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage) {
        guard let session = state.withLock({ $0.session }) else { return }
        switch message {
        case .binary(let buffer): session.received(Array(buffer.readableBytesView))
        case .text: session.received([])
        }
    }

    func webSocketHeardPong(_ connection: WebSocketConnection) { state.withLock { $0.session }?.answeredPing() }

    func webSocketDidCompleteRead(_ connection: WebSocketConnection) {
        state.withLock { $0.session }?.readCompleted()
    }

    func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) {
        let session = state.withLock { state in
            defer { state = State() }
            return state.session
        }
        session?.closed()
        metrics.closed(closure)
    }

    // MARK: To the socket

    func send(_ frames: [[UInt8]]) {
        guard let connection = state.withLock({ $0.connection }) else { return }
        connection.send(frames.map { ByteBuffer(bytes: $0) })
    }

    func close(_ code: CloseCode, reason: String) {
        state.withLock { $0.connection }?.close(code: code.rawValue, reason: reason)
    }

    var bufferedBytes: Int { state.withLock { $0.connection }?.bufferedBytes ?? 0 }

    func ping() { state.withLock { $0.connection }?.ping() }

    func pauseReading(_ paused: Bool) {
        guard let connection = state.withLock({ $0.connection }) else { return }
        if paused { connection.pauseReading() } else { connection.resumeReading() }
    }
}
