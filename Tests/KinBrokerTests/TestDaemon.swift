import KinBroker
import KinEncoding
import KinIdentity
import KinTesting
import KinWire

/// A daemon's end of one connection: says frames, and takes what the broker says.
struct TestDaemon: Sendable {
    let device: TestDevice
    let session: BrokerSession
    let sink: RecordingSink
    let challenge: Challenge

    init(device: TestDevice, session: BrokerSession, sink: RecordingSink) async throws {
        self.device = device
        self.session = session
        self.sink = sink
        challenge = try await sink.take("challenge") { if case .challenge(let it) = $0.message { it } else { nil } }
    }

    var member: ULID { device.member }

    // MARK: Saying

    /// One read burst of frames.
    func receive(_ frames: [[UInt8]]) {
        for frame in frames { session.received(frame) }
        session.readCompleted()
    }

    func receive(_ message: MeshFrame, body: [UInt8] = []) { receive([message.encoded(body: body)]) }

    func hello(
        nonce: [UInt8]? = nil, origin: String = BrokerBench.origin, chain: Chain? = nil, now: Int64
    ) -> MeshFrame {
        let challenge = Challenge(nonce: nonce ?? challenge.nonce, serverTime: challenge.serverTime)
        return .hello(
            HelloProof.hello(
                answering: challenge, origin: origin, chain: chain ?? device.chain, keys: device.keys,
                revocationHead: .empty, capabilities: [], now: now))
    }

    func featureRequest(require: [String] = Feature.requiredByDaemon.map(\.rawValue)) -> MeshFrame {
        .featureRequest(FeatureRequest(require: require, optional: ["max_payload", "key_epoch"]))
    }

    /// A send to another member; everything but the id has a default.
    func send(
        _ id: String, to recipient: ULID, seq: Int64 = 1, priority: Priority = .next, fingerprint: UInt8 = 1,
        expiresAt: Int64? = nil, body: [UInt8] = [1, 2, 3]
    ) throws -> [UInt8] {
        try MeshFrame.send(
            Send(
                clientMessageID: ClientMessageID(id).orThrow("id"),
                requestFingerprint: [UInt8](repeating: fingerprint, count: 32), line: [1, 2, 3, 4, 5, 6, 7, 8],
                seq: seq, destination: .dm(recipient), priority: priority, expiresAt: expiresAt)
        ).encoded(body: body)
    }

    func acknowledge(_ pushes: [Push], _ result: ClientAck.Result = .stored) {
        receive(
            .clientAck(ClientAck(results: pushes.map { .init(brokerMessageID: $0.brokerMessageID, result: result) })))
    }

    // MARK: Hearing

    func readList() async throws -> MemberList {
        let ready = try await sink.take("ready") { if case .ready(let it) = $0.message { it } else { nil } }
        var list = MemberList(ready: ready)
        let end = try await sink.take("members_end") { if case .membersEnd(let it) = $0.message { it } else { nil } }
        list.version = end.version
        while let next = sink.messages.first(where: { $0.type == "member" }), case .member(let member) = next {
            list.members.append(member)
            _ = try await sink.take("member") { $0.message == next ? true : nil }
        }
        return list
    }

    /// What it was told and has not taken, but for topics.
    var typesBesidesTopics: [String] {
        sink.messages.map(\.type).filter { !["topic", "topics_end"].contains($0) }
    }

    func error() async throws -> ErrorFrame {
        try await sink.take("error") { if case .error(let it) = $0.message { it } else { nil } }
    }

    /// The settings it is told next.
    func settings() async throws -> SettingsProof {
        try await sink.take("settings") { if case .settings(let it) = $0.message { it } else { nil } }
    }

    /// The answer to one send.
    func answer(to id: String) async throws -> Answer {
        try await sink.take("the answer to \(id)") { frame in
            switch frame.message {
            case .ack(let ack) where ack.clientMessageID.description == id: .ack(ack)
            case .nack(let nack) where nack.clientMessageID.description == id: .nack(nack)
            default: nil
            }
        }
    }

    func ack(of id: String) async throws -> Ack {
        switch try await answer(to: id) {
        case .ack(let ack): return ack
        case .nack(let nack): throw MissingValue("an ack of \(id); there is \(nack.code), which")
        }
    }

    func nack(of id: String) async throws -> Nack {
        switch try await answer(to: id) {
        case .nack(let nack): return nack
        case .ack: throw MissingValue("a nack of \(id)")
        }
    }

    func push() async throws -> Delivery {
        try await sink.take("push") { frame in
            if case .push(let push) = frame.message { Delivery(push: push, body: frame.body) } else { nil }
        }
    }

    func pushes(_ count: Int) async throws -> [Delivery] {
        var deliveries: [Delivery] = []
        for _ in 0..<count { deliveries.append(try await push()) }
        return deliveries
    }

    /// Waits until the broker has done all that was asked before: sends to nobody are answered in order.
    func settle() async throws {
        let id = "settle-\(UInt32.random(in: 0...UInt32.max))"
        let nobody = ULID(milliseconds: 9, randomness: [UInt8](repeating: 9, count: 10))
        receive([try send(id, to: nobody, seq: 1)])
        _ = try await nack(of: id)
    }

    enum Answer: Hashable, Sendable {
        case ack(Ack)
        case nack(Nack)
    }

    struct Delivery: Hashable, Sendable {
        let push: Push
        let body: [UInt8]

        var id: String { push.clientMessageID.description }
    }
}
