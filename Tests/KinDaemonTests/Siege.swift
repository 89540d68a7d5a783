import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Synchronization
import Testing

/// Devices of one family whose broker is in somebody's hands. Names come from an honest relay beside it.
final class Siege: Sendable {
    /// A frame as it came into the hands, which are done with it.
    struct Passed: Sendable {
        var frame: ReceivedFrame
        var direction: HostileBroker.Direction
    }

    let house: House
    let broker: HostileBroker
    /// Where the real broker is reached.
    let relay: TestServer
    let daemons: [TestDaemon]
    private let grip: Grip

    var laptop: TestDaemon { daemons[0] }
    var studio: TestDaemon { daemons[1] }
    var kiosk: TestDaemon { daemons[2] }

    /// What passed, oldest first.
    var passed: Observed<[Passed]> { grip.passed }

    /// What all daemons take for the time, later than the real one by this; milliseconds.
    var delay: Int64 {
        get { grip.delay.withLock { $0 } }
        set { grip.delay.withLock { $0 = newValue } }
    }

    private init(_ house: House, _ broker: HostileBroker, _ relay: TestServer, _ daemons: [TestDaemon], _ grip: Grip) {
        (self.house, self.broker, self.relay, self.daemons, self.grip) = (house, broker, relay, daemons, grip)
    }

    /// Laptop, studio and so on, connected by honest hands; `body` changes them.
    /// - Parameter areSeen: whether the hands let each see that the others are there.
    static func lay(
        to names: [String] = ["laptop", "studio"], hands: @escaping HostileBroker.Hands = honest, areSeen: Bool = true,
        _ body: @escaping @Sendable (Siege) async throws -> Void
    ) async throws {
        let grip = Grip(hands)
        try await HostileBroker.run({ grip.handle($0, $1) }) { broker, relay in
            try await House.run { house in
                var daemons: [TestDaemon] = []
                for name in names {
                    let options = DaemonOptions(
                        state: try await house.home(name), name: DeviceName(name), servers: [broker.url, relay.url],
                        executable: "/nonexistent", now: { grip.now })
                    daemons.append(try await house.start(options))
                }
                for daemon in daemons {
                    try await areSeen ? daemon.sees(names) : daemon.lists(names)
                    try await daemon.isConnected()
                }
                try await body(Siege(house, broker, relay, daemons, grip))
            }
        }
    }

    static let honest: HostileBroker.Hands = { frame, _ in [frame.bytes] }

    /// From now on frames go through these.
    func hands(_ hands: @escaping HostileBroker.Hands) { grip.hands.withLock { $0 = hands } }

    /// From now on frames of these types go nowhere.
    func withhold(_ types: String...) { hands { frame, _ in types.contains(frame.message.type) ? [] : [frame.bytes] } }

    func tell(_ daemon: TestDaemon, _ frame: MeshFrame, body: [UInt8] = []) {
        broker.tell(daemon.version.member, [frame.encoded(body: body)])
    }

    func tell(_ daemon: TestDaemon, _ push: Pushed) { tell(daemon, .push(push.header), body: push.body) }

    /// Sends a message, and waits for the push of it.
    func pushed(_ text: String, by sender: TestDaemon, to recipient: String) async throws -> Pushed {
        try await push(of: sender.send(text, to: recipient).clientMessageID)
    }

    /// The push of a message as the real broker made it.
    func push(of id: ClientMessageID) async throws -> Pushed {
        let passed = try await passed.wait { $0.contains { Pushed($0.frame)?.header.clientMessageID == id } }
        return try passed.lazy.compactMap { Pushed($0.frame) }.first { $0.header.clientMessageID == id }.orThrow("push")
    }

    /// How often the daemons sent that message.
    func sends(of id: ClientMessageID) -> Int {
        passed.value.filter { if case .send(let send) = $0.frame.message { send.clientMessageID == id } else { false } }
            .count
    }

    /// Waits until a daemon has counted exactly this.
    func expect(
        _ daemon: TestDaemon, _ counts: [String: Int64], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        do {
            try await eventually("the counts are \(counts)", within: .seconds(15)) {
                try await daemon.client.health().inbound == counts
            }
        } catch is MissingValue {
            let there = try await daemon.client.health().inbound
            Issue.record("\(daemon.version.name) counts \(there), not \(counts)", sourceLocation: sourceLocation)
        }
    }

    /// Waits until a message was sent so often.
    func expect(sends count: Int, of id: ClientMessageID) async throws {
        try await eventually("\(id) is sent \(count) times", within: .seconds(15)) { self.sends(of: id) == count }
    }

    /// A message still goes from one to the other and its receipt back.
    func isServed(from sender: TestDaemon, to recipient: TestDaemon) async throws {
        let answer = try await sender.send("still served", to: recipient.version.name.description)
        try await sender.waits(for: answer.clientMessageID, toBe: .delivered)
    }
}

private final class Grip: Sendable {
    let hands: Mutex<HostileBroker.Hands>
    let delay = Mutex<Int64>(0)
    let passed = Observed([Siege.Passed]())

    init(_ hands: @escaping HostileBroker.Hands) { self.hands = Mutex(hands) }

    var now: Int64 { realNow() + delay.withLock { $0 } }

    func handle(_ frame: ReceivedFrame, _ direction: HostileBroker.Direction) -> [[UInt8]] {
        let left = hands.withLock { $0 }(frame, direction)
        passed.update { $0.append(.init(frame: frame, direction: direction)) }
        return left
    }
}

/// A push with its sealed body.
struct Pushed: Sendable {
    var header: Push
    var body: [UInt8]

    init(_ header: Push, _ body: [UInt8]) { (self.header, self.body) = (header, body) }

    init?(_ frame: ReceivedFrame) {
        guard case .push(let header) = frame.message else { return nil }
        self.init(header, frame.body)
    }

    /// The same bytes under another header.
    func with(_ change: (inout Push) -> Void) -> Pushed {
        var pushed = self
        change(&pushed.header)
        return pushed
    }
}

extension ReceivedFrame {
    /// As it came.
    var bytes: [UInt8] { message.encoded(body: body) }
}
