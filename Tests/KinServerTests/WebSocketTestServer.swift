import HTTPTypes
import Hummingbird
import KinServer
import KinTesting
import KinWebSocket
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import ServiceLifecycle

/// A Hummingbird application on a free port of 127.0.0.1, with `GET /healthz` and `GET /slow-start` as plain routes.
struct WebSocketTestServer {
    let port: Int
    let group: ServiceGroup

    /// Runs the server while `body` runs, then shuts it down gracefully and waits for its end.
    static func run<Result: Sendable>(
        configuration: WebSocketUpgradeConfiguration = .init(),
        tls: TLSConfiguration? = nil,
        policy: @escaping UpgradePolicy,
        _ body: @Sendable @escaping (WebSocketTestServer) async throws -> Result
    ) async throws -> Result {
        let router = Router()
        router.get("/healthz") { _, _ in "ok" }
        return try await run(router, configuration: configuration, tls: tls, gate: .open, policy: policy, body)
    }

    /// The same with routes and a gate of the test's own.
    static func run<Context: InitializableFromSource<ApplicationRequestContextSource>, Result: Sendable>(
        _ router: Router<Context>,
        configuration: WebSocketUpgradeConfiguration = .init(),
        tls: TLSConfiguration? = nil,
        gate: ConnectionGate,
        immediate: @escaping ImmediateAnswers = { _ in nil },
        policy: @escaping UpgradePolicy,
        _ body: @Sendable @escaping (WebSocketTestServer) async throws -> Result
    ) async throws -> Result {
        let port = Observed<Int?>(nil)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let application = Application(
            router: router,
            server: .http1WebSocketUpgrade(
                configuration: configuration, tls: tls, gate: gate, immediate: immediate, policy: policy),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in port.update { $0 = channel.localAddress?.port } },
            logger: logger
        )
        let group = ServiceGroup(configuration: .init(services: [application], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let bound = try await port.wait { $0 != nil }
            let outcome: Swift.Result<Result, any Error>
            do {
                outcome = .success(try await body(.init(port: bound ?? 0, group: group)))
            } catch {
                outcome = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try outcome.get()
        }
    }

    /// Accepts every handshake for `/mesh` with the given delegate.
    static func accepting(
        _ delegate: RecordingDelegate,
        limits: WebSocketLimits = .init(maxMessageBytes: 1 << 20),
        opened: @escaping @Sendable (WebSocketConnection) -> Void = { _ in }
    ) -> UpgradePolicy {
        { head, _ in head.uri.hasPrefix("/mesh") ? .accept(delegate, limits, opened: opened) : .notWebSocket }
    }

    func connect(
        _ path: String = "/mesh",
        _ delegate: RecordingDelegate = .init(),
        limits: WebSocketLimits = .init(maxMessageBytes: 1 << 20)
    ) async throws -> WebSocketConnection {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let url = "ws://127.0.0.1:\(port)\(path)"
        return try await WebSocketClient.connect(to: url, limits: limits, on: eventLoop, delegate: delegate)
    }
}
