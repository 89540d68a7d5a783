import KinEncoding
import KinMailbox
import KinWire

typealias Lane = OutboxRow.Lane

/// Values that tests are about anything but.
enum Sample {
    static func member(_ number: UInt8) -> ULID {
        ULID(milliseconds: 1_700_000_000_000, randomness: [UInt8](repeating: number, count: 10))
    }

    static func lane(_ number: UInt8 = 1, _ priority: Priority = .next) -> Lane {
        Lane(destination: .dm(member(number)), priority: priority)
    }

    static func id(_ text: String) -> ClientMessageID {
        guard let id = ClientMessageID(text) else { preconditionFailure("\(text) is no message id") }
        return id
    }

    static func name(_ text: String) -> DeviceName {
        guard let name = DeviceName(text) else { preconditionFailure("\(text) is no device name") }
        return name
    }

    static let mesh: MeshID = {
        guard let wallet = WalletAddress(bytes: [UInt8](repeating: 7, count: 32)) else {
            preconditionFailure("32 bytes are a wallet's address")
        }
        return .home(of: wallet)
    }()

    static func row(_ id: String, _ lane: Lane, seq: Int64) -> OutboxRow {
        OutboxRow(
            clientMessageID: Sample.id(id), fingerprint: [UInt8](repeating: 1, count: 32), lane: lane,
            line: [UInt8](repeating: 2, count: 8), seq: seq, content: .init(body: id), expiresAt: nil, enqueuedAt: 1,
            status: .pending)
    }

    static func request(
        _ id: String, _ lane: Lane = lane(), fingerprint: UInt8 = 1, content: OutboxRow.Content? = nil,
        expiresAt: Int64? = nil, at time: Int64 = 1000
    ) -> OutboxRequest {
        OutboxRequest(
            clientMessageID: Sample.id(id), fingerprint: [UInt8](repeating: fingerprint, count: 32), lane: lane,
            content: content ?? .init(body: "body of \(id)"), expiresAt: expiresAt, enqueuedAt: time)
    }
}

extension IncomingMessage {
    static func sample(_ id: String, from sender: UInt8 = 1, body: String? = nil, at time: Int64 = 1000) -> Self {
        let inner = SealedMessage(
            mesh: Sample.mesh, sender: Sample.member(sender), senderName: Sample.name("sender-\(sender)"),
            recipient: Sample.member(9).description, clientMessageID: Sample.id(id),
            line: [UInt8](repeating: 1, count: 8), seq: 1, priority: .next, createdAt: 900,
            body: body ?? "body of \(id)", signature: [UInt8](repeating: 6, count: 64))
        return IncomingMessage(
            message: inner, brokerMessageID: 5, senderKey: [UInt8](repeating: 8, count: 32), receivedAt: time)
    }
}
