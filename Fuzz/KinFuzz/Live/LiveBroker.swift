import KinBroker
import KinBrokerSQLite
import KinEncoding
import KinIdentity
import KinTesting
import KinWire

/// A real broker with two sessions: one says whatever it likes, the other must be served all the while.
final class LiveBroker: Sendable {
    private static let origin = "https://kin.example"

    private let folder: TemporaryFolder
    private let broker: Broker
    private let hostile: (device: TestDevice, session: BrokerSession, sink: RecordingSink)
    private let witness: (device: TestDevice, session: BrokerSession, sink: RecordingSink)
    private let stranger: TestDevice

    static let shared = Result { try blocking("a broker") { try await LiveBroker() } }

    private init() async throws {
        folder = try TemporaryFolder()
        let family = try TestFamily()
        let clock = TestClock()
        broker = try Broker(
            store: SQLiteBrokerStore(path: folder.file("broker.db")), verifier: TestVerifier(),
            policy: BrokerPolicy(admission: .open, origins: [Self.origin]), now: { clock.now })
        hostile = try await Self.join(family.device(), broker)
        witness = try await Self.join(family.device(), broker)
        stranger = try await TestFamily().device()
    }

    private static func join(
        _ device: TestDevice, _ broker: Broker
    ) async throws -> (TestDevice, BrokerSession, RecordingSink) {
        let sink = RecordingSink()
        let session = broker.open(sink)
        let challenge = try await sink.take("a challenge") { frame in
            if case .challenge(let it) = frame.message { it } else { nil }
        }
        let hello = HelloProof.hello(
            answering: challenge, origin: origin, chain: device.chain, keys: device.keys, revocationHead: .empty,
            capabilities: [], now: TestClock.start)
        let request = FeatureRequest(require: Feature.requiredByDaemon.map(\.rawValue), optional: [])
        for frame in [MeshFrame.hello(hello), .featureRequest(request)] { session.received(frame.encoded()) }
        session.readCompleted()
        _ = try await sink.take("the end of the members") { $0.message.type == "members_end" ? true : nil }
        return (device, session, sink)
    }

    /// A frame of the session that is ready.
    func receive(_ frame: [UInt8]) throws {
        hostile.session.received(frame)
        hostile.session.readCompleted()
        try isServed()
        try promise(hostile.sink.closures.isEmpty, "garbage closed its own session: \(hostile.sink.closures)")
        try promise(hostile.sink.unreadable.isEmpty, "an answer to garbage cannot be read")
        hostile.sink.clear()
    }

    /// The first frame of a connection.
    func open(with frame: [UInt8]) throws {
        let sink = RecordingSink()
        let session = broker.open(sink)
        session.received(frame)
        session.readCompleted()
        try isServed()
        try promise(!sink.messages.contains { $0.type == "ready" }, "nobody knows who that is, and it is ready")
        session.closed()
        try promise(broker.connectedMembers == 2, "\(broker.connectedMembers) members are connected, and two should be")
    }

    /// A send of the witness to nobody is answered, and nothing else was said to it.
    private func isServed() throws {
        let id = try ClientMessageID("w-\(UInt64.random(in: 0 ... .max))").orThrow("an id")
        let send = Send(
            clientMessageID: id, requestFingerprint: [UInt8](repeating: 1, count: 32),
            line: [UInt8](repeating: 1, count: 8), seq: 1, destination: .dm(stranger.member), priority: .next)
        witness.session.received(MeshFrame.send(send).encoded(body: [1]))
        witness.session.readCompleted()
        let sink = witness.sink
        _ = try blocking("an answer to the witness") {
            try await sink.take("an answer", within: 10) { frame in
                if case .nack(let nack) = frame.message { nack.clientMessageID == id ? true : nil } else { nil }
            }
        }
        try promise(sink.closures.isEmpty, "garbage closed another member's session: \(sink.closures)")
        let told = Set(sink.messages.map(\.type)).subtracting([
            "feature_negotiation_response", "ready", "member", "push",
        ])
        let ofOthers: Set = ["member_joined", "peer_join", "topics_end", "topic", "topic_gone"]
        try promise(told.isSubset(of: ofOthers), "the witness is told \(told)")
        if sink.frames.count > 64 { sink.clear() }
    }
}
