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
        /// Upgrades nothing, whatever it is for, with this status and body.
        case turnsAway(Int, body: String)
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
        /// Opens as a broker should, but tells the members late; then answers each send as told.
        case serves(@Sendable (Asked) -> Reply)
    }

    /// A send that came.
    public struct Asked: Sendable {
        public var send: Send
        /// 1 the first time this id came, over all connections.
        public var attempt: Int
        /// 1 on the first connection.
        public var connection: Int
        /// The ids sent so far, this one included.
        public var sent: [String]

        /// The broker takes it.
        public var ack: Reply {
            .frame(.ack(Ack(clientMessageID: send.clientMessageID, brokerMessageID: send.seq, duplicate: attempt > 1)))
        }

        /// The broker refuses it.
        public func nack(_ code: String, retryable: Bool, after milliseconds: Int64? = nil) -> Reply {
            .frame(
                .nack(
                    Nack(
                        clientMessageID: send.clientMessageID, code: code, retryable: retryable,
                        retryAfter: milliseconds)))
        }
    }

    public enum Reply: Sendable {
        case frame(MeshFrame)
        /// Something comes for the daemon.
        case push(Push, body: [UInt8])
        case nothing
        /// The connection is cut.
        case cut
    }

    public let url: String
    /// What clients did: the frames they sent, and how they left.
    public let heard: Observed<Heard>
    private let service: RunningService<Int>

    public struct Heard: Sendable {
        public var frames: [ReceivedFrame] = []
        public var closures: [WebSocketClosure] = []
        public var connections = 0
        /// Sends that came before the members were told.
        public var early = 0

        /// The ids that were sent, in order.
        public var sent: [String] {
            frames.compactMap { if case .send(let send) = $0.message { send.clientMessageID.description } else { nil } }
        }

        public var types: [String] { frames.map(\.message.type) }
    }

    public static func run<T: Sendable>(
        _ manner: Manner, _ body: (FakeBroker) async throws -> T
    ) async throws -> T {
        let heard = Observed(Heard())
        let policy: UpgradePolicy = { head, _ in
            if case .turnsAway(let status, let body) = manner { return .refuse(.init(code: status), body: body) }
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
