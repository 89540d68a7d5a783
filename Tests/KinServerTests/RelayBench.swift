import Hummingbird
import KinEncoding
import KinRelay
import KinTesting
import KinWebSocket
import KinWire
import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import KinServer

/// A relay on a free port of 127.0.0.1, with limits and a clock of the test's own, and everything that can be done to it from outside.
struct RelayBench: Sendable {
    let relay: RelayService
    let metrics: ServerMetrics
    let port: Int
    let routes: ServerRoutes
    private let clock: Clock

    static let route = Base58.encode([UInt8](repeating: 7, count: 32))

    final class Clock: Sendable {
        private let time = Mutex<Int64>(1_000_000)
        var now: Int64 { time.withLock { $0 } }
        func advance(_ milliseconds: Int64) { time.withLock { $0 += milliseconds } }
    }

    /// - Parameter address: from where connections seem to come.
    static func run(
        logger: Logger = .silent, times: ServerConfiguration.Times = .init(), from address: String? = nil,
        _ change: (inout RelayLimits) -> Void = { _ in },
        _ body: @Sendable @escaping (RelayBench) async throws -> Void
    ) async throws {
        var limits = RelayLimits()
        change(&limits)
        let (clock, metrics, connections) = (Clock(), ServerMetrics(), WebSocketConnections())
        let relay = RelayService(limits: limits, metrics: metrics.relay, logger: logger, now: { clock.now })
        let routes = ServerRoutes(
            relay: relay, times: times, hosted: nil, connections: connections, metrics: metrics,
            access: MetricsAccess(ServerConfiguration(listen: .standard, data: "/nonexistent")), logger: logger)
        let seeming = try address.map { try SocketAddress(ipAddress: $0, port: 4000) }
        try await WebSocketTestServer.run(
            routes.router(), configuration: .init(answerTimeout: TimeAmount(times.answer)),
            gate: ConnectionGate { routes.gate.enter(seeming ?? $0) }, immediate: routes.immediate,
            policy: { routes.upgrade($0, seeming ?? $1) }
        ) { server in
            try await body(RelayBench(relay: relay, metrics: metrics, port: server.port, routes: routes, clock: clock))
            connections.closeAll(reason: "the test is over")
        }
    }

    /// Lets time pass, and has the relay notice.
    func pass(_ milliseconds: Int64) {
        clock.advance(milliseconds)
        relay.sweep()
    }

    var figures: Figures { Figures(metrics.text(.init(), relay.figures())) }

    /// The most that waits for any end of a link now.
    var mostBuffered: Int {
        relay.state.withLock { Array($0.sockets.values) }.map(\.bufferedBytes).max() ?? 0
    }

    // MARK: Peers

    static func machine(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    static func linkPath(_ machine: Int = 1) -> String { "/link?owner_id=\(route)&machine_id=\(self.machine(machine))" }

    static func roomPath(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "/pair?room=" + String(repeating: "0", count: 64 - digits.count) + digits
    }

    /// Opens any WebSocket there.
    func connect(_ path: String, secret: String? = nil, delegate: RecordingDelegate = .init()) async throws -> End {
        let connection = try await WebSocketClient.connect(
            to: "ws://127.0.0.1:\(port)\(path)",
            headers: secret.map { ["x-kin-registration-secret": $0] } ?? [:],
            limits: .init(maxMessageBytes: 1 << 20, maxBufferedBytes: 1 << 28, slowReaderAfter: .minutes(5)),
            on: MultiThreadedEventLoopGroup.singleton.next(), delegate: delegate)
        return End(connection: connection, delegate: delegate)
    }

    /// A device's control socket, ready.
    func device(_ machine: Int = 1) async throws -> Device {
        let end = try await connect(
            "/agent/signal?owner_id=\(Self.route)&machine_id=\(Self.machine(machine))",
            secret: String(repeating: "a", count: 64))
        try await end.delegate.heard.wait { !$0.texts.isEmpty }
        return Device(control: end)
    }

    /// Both ends of a link.
    func link(_ device: Device) async throws -> (initiator: End, device: End) {
        let before = device.sessions.count
        let initiator = try await connect(Self.linkPath())
        let sessions = try await device.sessions(after: before)
        return (initiator, try await connect("/link?session=\(sessions[before])"))
    }

    struct End: Sendable {
        let connection: WebSocketConnection
        let delegate: RecordingDelegate

        func send(_ frame: [UInt8]) { connection.send(.binary(ByteBuffer(bytes: frame))) }

        var frames: [[UInt8]] { Self.frames(delegate.heard.value) }

        func frames(_ count: Int) async throws -> [[UInt8]] {
            Self.frames(try await delegate.heard.wait { $0.messages.count >= count || !$0.closures.isEmpty })
        }

        /// The code and reason it is closed with.
        func closed() async throws -> Closed {
            let closure = try await delegate.closure().orThrow("a closure")
            return Closed(code: closure.code, reason: closure.reason)
        }

        private static func frames(_ heard: RecordingDelegate.Heard) -> [[UInt8]] {
            heard.messages.compactMap {
                if case .binary(let bytes) = $0 { Array(bytes.readableBytesView) } else { nil }
            }
        }
    }

    struct Closed: Equatable {
        var code: UInt16?
        var reason: String

        static func by(_ why: LinkClose) -> Closed { Closed(code: why.rawValue, reason: why.reason) }
    }

    struct Device: Sendable {
        let control: End

        /// Of the links it was told of, as hex.
        var sessions: [String] { Self.sessions(control.delegate.heard.value) }

        func sessions(after count: Int) async throws -> [String] {
            Self.sessions(try await control.delegate.heard.wait { Self.sessions($0).count > count })
        }

        private static func sessions(_ heard: RecordingDelegate.Heard) -> [String] {
            heard.texts.compactMap { text in
                guard case .attach(let session)? = try? RelayMessage(json: Array(text.utf8)) else { return nil }
                return Hex.encode(session)
            }
        }
    }
}
