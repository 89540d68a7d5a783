import Hummingbird
import KinServer
import KinTesting
public import KinWebSocket
public import KinWire
import Logging
import NIOCore

/// A broker that misbehaves on purpose, on a free port of 127.0.0.1.
public struct FakeBroker: Sendable {
    /// What it does on `/mesh`.
    public enum Manner: Sendable {
        /// Upgrades, and says nothing more.
        case silent
        /// Upgrades, and closes with this.
        case closes(CloseCode, String)
        /// Upgrades, and sends these bytes.
        case says([UInt8])
        /// Upgrades, and sends text.
        case talks(String)
        /// Sends a challenge, and refuses the hello.
        case refuses(code: String, message: String)
        /// Sends a challenge, and offers these features.
        case offers(FeatureResponse)
    }

    public let url: String
    /// What clients did: the frames they sent, and how they left.
    public let heard: Observed<Heard>
    private let service: RunningService<Int>

    public struct Heard: Sendable {
        public var frames: [ReceivedFrame] = []
        public var closures: [WebSocketClosure] = []
        public var connections = 0

        public var types: [String] { frames.map(\.message.type) }
    }

    public static func run<T: Sendable>(
        _ manner: Manner, _ body: (FakeBroker) async throws -> T
    ) async throws -> T {
        let heard = Observed(Heard())
        let policy: UpgradePolicy = { head, _ in
            guard head.uri == "/mesh" else { return .notWebSocket }
            let endpoint = FakeEndpoint(manner, heard: heard)
            return .accept(endpoint, WebSocketLimits(maxMessageBytes: 1 << 20)) { endpoint.opened($0) }
        }
        let service = RunningService<Int> { ready in
            Application(
                router: Router(), server: .http1WebSocketUpgrade(policy: policy),
                configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { channel in ready(channel.localAddress?.port ?? 0) }, logger: .silent)
        }
        let port = try await service.ready()
        do {
            let result = try await body(FakeBroker(url: "http://127.0.0.1:\(port)", heard: heard, service: service))
            _ = try await service.stop()
            return result
        } catch {
            _ = try? await service.stop()
            throw error
        }
    }
}

/// One connection to the fake.
private final class FakeEndpoint: WebSocketDelegate {
    private let manner: FakeBroker.Manner
    private let heard: Observed<FakeBroker.Heard>

    init(_ manner: FakeBroker.Manner, heard: Observed<FakeBroker.Heard>) {
        self.manner = manner
        self.heard = heard
    }

    func opened(_ connection: WebSocketConnection) {
        heard.update { $0.connections += 1 }
        switch manner {
        case .silent: break
        case .closes(let code, let reason): connection.close(code: code.rawValue, reason: reason)
        case .says(let bytes): connection.send(.binary(ByteBuffer(bytes: bytes)))
        case .talks(let text): connection.send(.text(text))
        case .refuses, .offers:
            send(.challenge(Challenge(nonce: [UInt8](repeating: 5, count: 32), serverTime: 1)), on: connection)
        }
    }

    func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage) {
        guard case .binary(let buffer) = message, let frame = try? ReceivedFrame(Array(buffer.readableBytesView)) else {
            return
        }
        heard.update { $0.frames.append(frame) }
        switch (manner, frame.message) {
        case (.refuses(let code, let message), .hello):
            send(.error(ErrorFrame(code: code, message: message)), on: connection)
            connection.close(code: CloseCode.unauthorized.rawValue, reason: code)
        case (.offers(let response), .featureRequest): send(.featureResponse(response), on: connection)
        default: break
        }
    }

    func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) {
        heard.update { $0.closures.append(closure) }
    }

    private func send(_ frame: MeshFrame, on connection: WebSocketConnection) {
        connection.send(.binary(ByteBuffer(bytes: frame.encoded())))
    }
}
