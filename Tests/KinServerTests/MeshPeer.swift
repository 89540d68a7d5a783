import KinEncoding
import KinIdentity
import KinTesting
import KinWebSocket
import KinWire
import NIOCore
import NIOPosix

/// A member's session with a real server, frame by frame.
struct MeshPeer {
    let connection: WebSocketConnection
    let delegate: RecordingDelegate
    let device: TestDevice

    static func connect(to url: String, as device: TestDevice, now: Int64) async throws -> MeshPeer {
        let delegate = RecordingDelegate()
        let connection = try await WebSocketClient.connect(
            to: url.replacing("http:", with: "ws:") + "/mesh", limits: .init(maxMessageBytes: 1 << 22),
            on: MultiThreadedEventLoopGroup.singleton.next(), delegate: delegate)
        let peer = MeshPeer(connection: connection, delegate: delegate, device: device)
        let challenge = try await peer.take { if case .challenge(let it) = $0 { it } else { nil } }
        let hello = HelloProof.hello(
            answering: challenge, origin: url, chain: device.chain, keys: device.keys, revocationHead: .empty,
            capabilities: [], now: now)
        let request = FeatureRequest(require: Feature.requiredByDaemon.map(\.rawValue), optional: [])
        peer.send(.hello(hello))
        peer.send(.featureRequest(request))
        _ = try await peer.take { if case .membersEnd = $0 { true } else { nil } }
        return peer
    }

    func send(_ message: MeshFrame, body: [UInt8] = []) {
        connection.send(.binary(ByteBuffer(bytes: message.encoded(body: body))))
    }

    /// The first message for which `match` has a value.
    func take<T: Sendable>(_ match: @escaping @Sendable (MeshFrame) -> T?) async throws -> T {
        try await delegate.heard.wait { Self.first($0, match) != nil || !$0.closures.isEmpty }
        return try Self.first(delegate.heard.value, match).orThrow("a message")
    }

    /// A send to nobody is answered.
    func isServed() async throws {
        let id = try ClientMessageID("w-\(UInt64.random(in: 0 ... .max))").orThrow("an id")
        let nobody = ULID(milliseconds: 9, randomness: [UInt8](repeating: 9, count: 10))
        send(
            .send(
                Send(
                    clientMessageID: id, requestFingerprint: [UInt8](repeating: 1, count: 32),
                    line: [UInt8](repeating: 1, count: 8), seq: 1, destination: .dm(nobody), priority: .next)),
            body: [1])
        let code = try await take { message -> String? in
            if case .nack(let nack) = message, nack.clientMessageID == id { nack.code } else { nil }
        }
        guard code == "unknown_member" else { throw MissingValue("the answer is \(code), and unknown_member") }
    }

    private static func first<T>(_ heard: RecordingDelegate.Heard, _ match: (MeshFrame) -> T?) -> T? {
        for case .binary(let buffer) in heard.messages {
            guard let frame = try? ReceivedFrame(Array(buffer.readableBytesView)) else { continue }
            if let value = match(frame.message) { return value }
        }
        return nil
    }
}
