import KinTesting
import KinWebSocket
import KinWire
import NIOCore
import Synchronization

/// One connection to a `FakeBroker`.
final class FakeEndpoint: WebSocketDelegate {
    private struct State {
        var number = 0
        var chain: Chain?
        var toldMembers = false
    }

    private let manner: FakeBroker.Manner
    private let heard: Observed<FakeBroker.Heard>
    private let state = Mutex(State())
    /// How late a serving broker tells the members: long enough for an impatient daemon to send.
    private static let lateness = TimeAmount.milliseconds(200)

    init(_ manner: FakeBroker.Manner, heard: Observed<FakeBroker.Heard>) {
        self.manner = manner
        self.heard = heard
    }

    func opened(_ connection: WebSocketConnection) {
        heard.update { $0.connections += 1 }
        let number = heard.value.connections
        state.withLock { $0.number = number }
        switch manner {
        case .silent, .turnsAway: break
        case .closes(let code, let reason): connection.close(code: code.rawValue, reason: reason)
        case .says(let bytes): connection.send(.binary(ByteBuffer(bytes: bytes)))
        case .talks(let text): connection.send(.text(text))
        case .refuses, .offers, .serves:
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
        case (.serves, .hello(let hello)): state.withLock { $0.chain = hello.chain }
        case (.serves, .featureRequest): welcome(on: connection)
        case (.serves(let answer), .send(let send)): reply(answer(asked(send)), on: connection)
        default: break
        }
    }

    func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) {
        heard.update { $0.closures.append(closure) }
    }

    private func welcome(on connection: WebSocketConnection) {
        guard let chain = state.withLock({ $0.chain }) else { return }
        send(.featureResponse(.sound), on: connection)
        send(
            .ready(
                Ready(
                    member: chain.member, session: [UInt8](repeating: 1, count: 8),
                    store: [UInt8](repeating: 2, count: 16))), on: connection)
        connection.eventLoop.scheduleTask(in: Self.lateness) {
            self.state.withLock { $0.toldMembers = true }
            self.send(.member(Member(chain: chain, online: true)), on: connection)
            self.send(.membersEnd(MembersEnd(version: 1)), on: connection)
        }
    }

    private func asked(_ send: Send) -> FakeBroker.Asked {
        let (number, toldMembers) = state.withLock { ($0.number, $0.toldMembers) }
        if !toldMembers { heard.update { $0.early += 1 } }
        let sent = heard.value.sent
        let attempt = sent.filter { $0 == send.clientMessageID.description }.count
        return FakeBroker.Asked(send: send, attempt: attempt, connection: number, sent: sent)
    }

    private func reply(_ reply: FakeBroker.Reply, on connection: WebSocketConnection) {
        switch reply {
        case .frame(let frame): send(frame, on: connection)
        case .push(let push, let body):
            connection.send(.binary(ByteBuffer(bytes: MeshFrame.push(push).encoded(body: body))))
        case .nothing: break
        case .cut: connection.close(code: 1011, reason: "cut")
        }
    }

    private func send(_ frame: MeshFrame, on connection: WebSocketConnection) {
        connection.send(.binary(ByteBuffer(bytes: frame.encoded())))
    }
}

extension FeatureResponse {
    /// Everything a daemon wants, with telling numbers.
    public static let sound = FeatureResponse(
        supported: [
            "client_message_id_dedupe": [
                "version": .integer(1), "mode": .string("retention_scoped"), "dedupe_window_hours": .integer(48),
                "request_fingerprint": .bool(true),
            ],
            "concurrent_connection_policy": ["version": .integer(1), "default_policy": .string("prefer_newest")],
            "max_payload": ["version": .integer(1), "inline_bytes": .integer(2048), "blob_bytes": .integer(4096)],
        ], missingRequired: [])
}
