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
    private let daemons = Mutex<[Daemon]>([])
    private let hands: Hands

    private init(url: String, hands: @escaping Hands) {
        self.url = url
        self.hands = hands
    }

    /// Cuts the connections of daemons, of which the real broker hears nothing.
    public func loseDaemons(code: UInt16 = 1011, reason: String = "cut") {
        for daemon in daemons.withLock({ $0 }) { daemon.passage.loseClient(code: code, reason: reason) }
    }

    /// Says something to the daemon of `member`, as if the real broker had.
    public func tell(_ member: ULID, _ frames: [[UInt8]]) {
        daemons.withLock { $0.last { $0.member.value == member && $0.passage.isOpen } }?
            .passage.tell(frames.map { .binary(ByteBuffer(bytes: $0)) })
    }

    /// Runs a server on fresh data behind `hands` while `body` runs; its own address is `server.url`, for relays.
    /// - Parameter isOrigin: whether the real broker knows that it is reached by this address.
    public static func run<T: Sendable>(
        isOrigin: Bool = true, _ hands: @escaping Hands, _ body: (HostileBroker, TestServer) async throws -> T
    ) async throws -> T {
        let broker = Mutex<HostileBroker?>(nil)
        let policy: UpgradePolicy = { head, _ in
            guard head.uri == "/mesh", let broker = broker.withLock({ $0 }) else { return .notWebSocket }
            let daemon = Daemon(port: broker.target.withLock { $0 }, hands: broker.hands, closures: broker.closures)
            broker.daemons.withLock { $0.append(daemon) }
            return .accept(daemon.passage, Passage.limits) { daemon.passage.opened($0) }
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

/// One connection of a daemon.
private struct Daemon: Sendable {
    let passage: Passage
    /// Who said hello.
    let member: Observed<ULID?>

    init(port: Int, hands: @escaping HostileBroker.Hands, closures: Observed<[UInt16]>) {
        let member = Observed<ULID?>(nil)
        self.member = member
        passage = Passage(
            to: "ws://127.0.0.1:\(port)/mesh",
            hands: { message, side in
                guard case .binary(let buffer) = message,
                    let frame = try? ReceivedFrame(Array(buffer.readableBytesView))
                else { return [] }
                if case .hello(let hello) = frame.message { member.update { $0 = hello.chain.member } }
                return hands(frame, side == .near ? .toBroker : .toDaemon).map { .binary(ByteBuffer(bytes: $0)) }
            }, onLeft: { closure in closures.update { $0.append(closure.code ?? 0) } })
    }
}
