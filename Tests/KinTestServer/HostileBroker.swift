import Hummingbird
public import KinEncoding
import KinServer
import KinTesting
import KinWebSocket
public import KinWire
import Logging
import NIOCore
import Synchronization

/// A real broker whose frames pass through somebody's hands: each may be kept back, changed or repeated.
public final class HostileBroker: Sendable {
    /// Which way a frame goes.
    public enum Direction: Sendable { case toBroker, toDaemon }

    /// What becomes of a frame: nothing, itself, or others.
    public typealias Hands = @Sendable (ReceivedFrame, Direction) -> [[UInt8]]

    /// Where daemons reach it.
    public let url: String
    /// With what the real broker closed connections, after their daemons had gone too.
    public let closures = Observed([UInt16]())
    private let target = Mutex<Int>(0)
    private let nearby = Mutex<[Near]>([])
    private let hands: Hands

    private init(url: String, hands: @escaping Hands) {
        self.url = url
        self.hands = hands
    }

    /// Cuts the connections of daemons, of which the real broker hears nothing.
    public func loseDaemons(code: UInt16 = 1011, reason: String = "cut") {
        for near in nearby.withLock({ $0 }) { near.loseDaemon(code, reason) }
    }

    /// Says something to the daemon of `member`, as if the real broker had.
    public func tell(_ member: ULID, _ frames: [[UInt8]]) {
        nearby.withLock { $0.last { $0.serves(member) } }?.tell(frames)
    }

    /// Runs a server on fresh data behind `hands` while `body` runs; its own address is `server.url`, for relays.
    /// - Parameter isOrigin: whether the real broker knows that it is reached by this address.
    public static func run<T: Sendable>(
        isOrigin: Bool = true, _ hands: @escaping Hands, _ body: (HostileBroker, TestServer) async throws -> T
    ) async throws -> T {
        let broker = Mutex<HostileBroker?>(nil)
        let policy: UpgradePolicy = { head, _ in
            guard head.uri == "/mesh", let broker = broker.withLock({ $0 }) else { return .notWebSocket }
            let near = Near(port: broker.target.withLock { $0 }, hands: broker.hands, closures: broker.closures)
            broker.nearby.withLock { $0.append(near) }
            return .accept(near, WebSocketLimits(maxMessageBytes: 1 << 20)) { near.opened($0) }
        }
        let service = RunningService<Int> { ready in
            Application(
                router: Router(), server: .http1WebSocketUpgrade(policy: policy),
                configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { channel in ready(channel.localAddress?.port ?? 0) }, logger: .silent)
        }
        let hostile = HostileBroker(url: "http://127.0.0.1:\(try await service.ready())", hands: hands)
        let folder = try TemporaryFolder()
        let server = try await TestServer.start(data: folder.path, origins: isOrigin ? [hostile.url] : [])
        hostile.target.withLock { $0 = server.port }
        broker.withLock { $0 = hostile }
        let outcome: Result<T, any Error>
        do { outcome = .success(try await body(hostile, server)) } catch { outcome = .failure(error) }
        _ = try? await service.stop()
        try? await server.stop()
        return try outcome.get()
    }
}

/// The daemon's side of one connection.
private final class Near: WebSocketDelegate {
    private struct State {
        var daemon: WebSocketConnection?
        var broker: WebSocketConnection?
        var early: [[UInt8]] = []
        /// Who said hello.
        var member: ULID?
    }

    private let port: Int
    fileprivate let hands: HostileBroker.Hands
    private let closures: Observed<[UInt16]>
    private let state = Mutex(State())

    init(port: Int, hands: @escaping HostileBroker.Hands, closures: Observed<[UInt16]>) {
        self.port = port
        self.hands = hands
        self.closures = closures
    }

    fileprivate func serves(_ member: ULID) -> Bool { state.withLock { $0.member == member && $0.daemon != nil } }

    fileprivate func tell(_ frames: [[UInt8]]) {
        guard let daemon = state.withLock({ $0.daemon }) else { return }
        for bytes in frames { daemon.send(.binary(ByteBuffer(bytes: bytes))) }
    }

    fileprivate func loseDaemon(_ code: UInt16, _ reason: String) {
        let daemon = state.withLock { state in
            defer { state.daemon = nil }
            return state.daemon
        }
        daemon?.close(code: code, reason: reason)
    }

    func opened(_ connection: WebSocketConnection) {
        state.withLock { $0.daemon = connection }
        Task {
            let far = Far(self)
            let broker = try? await WebSocketClient.connect(
                to: "ws://127.0.0.1:\(port)/mesh", tls: nil, limits: WebSocketLimits(maxMessageBytes: 1 << 20),
                deadline: .seconds(5), on: connection.eventLoop, delegate: far)
            guard let broker else { return connection.close(code: 1011, reason: "the broker does not answer") }
            let early = state.withLock { state in
                state.broker = broker
                defer { state.early = [] }
                return state.early
            }
            for bytes in early { broker.send(.binary(ByteBuffer(bytes: bytes))) }
        }
    }

    func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage) {
        for bytes in passed(message, .toBroker) {
            let broker = state.withLock { state in
                if state.broker == nil { state.early.append(bytes) }
                return state.broker
            }
            broker?.send(.binary(ByteBuffer(bytes: bytes)))
        }
    }

    func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) {
        // Of a daemon that was lost the broker hears nothing.
        state.withLock { $0.daemon == nil ? nil : $0.broker }?.close(code: 1001, reason: "leaving")
    }

    fileprivate func fromBroker(_ message: WebSocketMessage) {
        guard let daemon = state.withLock({ $0.daemon }) else { return }
        for bytes in passed(message, .toDaemon) { daemon.send(.binary(ByteBuffer(bytes: bytes))) }
    }

    fileprivate func brokerClosed(_ closure: WebSocketClosure) {
        guard let daemon = state.withLock({ $0.daemon }) else {
            return closures.update { $0.append(closure.code ?? 0) }
        }
        daemon.close(code: closure.code ?? 1001, reason: closure.reason)
    }

    private func passed(_ message: WebSocketMessage, _ direction: HostileBroker.Direction) -> [[UInt8]] {
        guard case .binary(let buffer) = message, let frame = try? ReceivedFrame(Array(buffer.readableBytesView)) else {
            return []
        }
        if case .hello(let hello) = frame.message { state.withLock { $0.member = hello.chain.member } }
        return hands(frame, direction)
    }
}

/// The broker's side of it.
private final class Far: WebSocketDelegate {
    private let near: Near

    init(_ near: Near) { self.near = near }

    func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage) { near.fromBroker(message) }

    func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) { near.brokerClosed(closure) }
}
