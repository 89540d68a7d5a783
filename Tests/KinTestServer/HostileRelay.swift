import AsyncHTTPClient
import Hummingbird
import KinServer
import KinTesting
import KinWebSocket
public import KinWire
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// A real relay in somebody's hands: what its registry shows, what it tells devices and what passes on links may be kept back, changed or led
/// elsewhere. The broker behind the same address is honest.
public final class HostileRelay: Sendable {
    /// What readers of the registry are answered.
    public enum Listing: Sendable {
        case entries([RegistryEntry])
        case bytes([UInt8])
        /// Nothing, for as long as they wait.
        case silence
    }

    /// A message of a link on its way from one device to another.
    public struct Passing: Sendable {
        public var bytes: [UInt8]
        /// From who asked for the link, or from who was asked.
        public var isFromCaller: Bool
        /// 0 for the first that way on this connection.
        public var number: Int
    }

    /// What is done with what comes by.
    public struct Hands: Sendable {
        public var list: @Sendable ([RegistryEntry]) -> Listing = { .entries($0) }
        /// Where a socket leads to: path and query.
        public var lead: @Sendable (String) -> String = { $0 }
        /// What a device is told.
        public var tell: @Sendable (RelayMessage, MachineID) -> [RelayMessage] = { message, _ in [message] }
        public var pass: @Sendable (Passing) -> [[UInt8]] = { [$0.bytes] }

        public init() {}
    }

    /// Where daemons reach it.
    public let url: String
    /// The real server behind it.
    public let server: TestServer
    private let hands = Mutex(Hands())
    private let links = Mutex<[Passage]>([])
    private let devices = Mutex<[MachineID: Passage]>([:])

    private init(url: String, server: TestServer) {
        self.url = url
        self.server = server
    }

    /// From now on it does this.
    public func take(_ change: (inout Hands) -> Void) {
        hands.withLock { hands in
            hands = Hands()
            change(&hands)
        }
    }

    /// Tells a device something of its own.
    public func tell(_ machine: MachineID, _ message: RelayMessage) {
        devices.withLock { $0[machine] }?.tell([message.text])
    }

    /// Ends all links, with whatever code.
    public func cutLinks(code: UInt16, reason: String) {
        let cut = links.withLock { links in
            defer { links = [] }
            return links
        }
        for link in cut { link.cut(code: code, reason: reason) }
    }

    /// What it truly has.
    public func entries(of route: String) async throws -> [RegistryEntry] {
        let request = HTTPClientRequest(url: "\(server.url)/registry?wallet=\(route)")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        return try RegistryEntry.list(json: Array(await response.body.collect(upTo: 16 << 20).readableBytesView))
    }

    /// Runs it, with honest hands at first, while `body` runs.
    public static func run<T: Sendable>(_ body: (HostileRelay) async throws -> T) async throws -> T {
        let box = Mutex<HostileRelay?>(nil)
        let router = Router()
        router.get("/registry") { request, _ in
            guard let relay = box.withLock({ $0 }), let route = request.uri.queryParameters["wallet"] else {
                throw HTTPError(.serviceUnavailable)
            }
            return try await relay.answer(String(route))
        }
        let policy: UpgradePolicy = { head, _ in
            guard let passage = box.withLock({ $0 })?.passage(for: head) else { return .notWebSocket }
            return .accept(passage, Passage.limits) { passage.opened($0) }
        }
        let service = RunningService<Int> { ready in
            Application(
                router: router, server: .http1WebSocketUpgrade(policy: policy),
                configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { channel in ready(channel.localAddress?.port ?? 0) }, logger: .silent)
        }
        let url = "http://127.0.0.1:\(try await service.ready())"
        let folder = try TemporaryFolder()
        let server = try await TestServer.start(data: folder.path, origins: [url])
        let relay = HostileRelay(url: url, server: server)
        box.withLock { $0 = relay }
        let outcome: Result<T, any Error>
        do { outcome = .success(try await body(relay)) } catch { outcome = .failure(error) }
        _ = try? await service.stop()
        try? await server.stop()
        return try outcome.get()
    }

    // MARK: In its hands

    private func answer(_ route: String) async throws -> Response {
        switch hands.withLock({ $0.list })(try await entries(of: route)) {
        case .entries(let entries): return Self.response(RegistryEntry.canonicalBytes(of: entries))
        case .bytes(let bytes): return Self.response(bytes)
        case .silence:
            try await Task.sleep(for: .seconds(600))
            return Response(status: .gatewayTimeout)
        }
    }

    private static func response(_ bytes: [UInt8]) -> Response {
        Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private func passage(for head: HTTPRequestHead) -> Passage? {
        let path = hands.withLock { $0.lead }(head.uri)
        let url = "ws://127.0.0.1:\(server.port)\(path)"
        switch head.uri.prefix(while: { $0 != "?" }) {
        case "/agent/signal": return control(url, head)
        case "/link" where head.uri.contains("owner_id="): return link(url)
        case "/link", "/pair", "/mesh": return Passage(to: url) { message, _ in [message] }
        default: return nil
        }
    }

    private func control(_ url: String, _ head: HTTPRequestHead) -> Passage? {
        guard let machine = head.uri.split(separator: "=").last.flatMap({ MachineID(String($0)) }) else {
            return nil
        }
        let name = "x-kin-registration-secret"
        let headers = HTTPHeaders(head.headers[name].map { (name, $0) })
        let passage = Passage(to: url, headers: headers) { [self] message, side in
            guard side == .far, case .text(let text) = message, let said = try? RelayMessage(json: Array(text.utf8))
            else { return [message] }
            return hands.withLock { $0.tell }(said, machine).map(\.text)
        }
        devices.withLock { $0[machine] = passage }
        return passage
    }

    private func link(_ url: String) -> Passage {
        let counts = Mutex<[Passage.Side: Int]>([:])
        let passage = Passage(to: url) { [self] message, side in
            guard case .binary(let buffer) = message else { return [message] }
            let number = counts.withLock { counts in
                defer { counts[side, default: 0] += 1 }
                return counts[side, default: 0]
            }
            let passing = Passing(
                bytes: Array(buffer.readableBytesView), isFromCaller: side == .near, number: number)
            return hands.withLock { $0.pass }(passing).map { .binary(ByteBuffer(bytes: $0)) }
        }
        links.withLock { $0.append(passage) }
        return passage
    }
}

extension RelayMessage {
    fileprivate var text: WebSocketMessage { .text(String(decoding: canonicalBytes(), as: UTF8.self)) }
}
