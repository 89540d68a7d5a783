import KinEncoding
import KinMetrics
import KinTesting
import KinWire
import Testing

@testable import KinBroker

/// Each counter moves by what it counts, and by nothing else.
@Suite struct BrokerMetricsTests {
    /// Something that happens on a broker, and what moves by it.
    struct Happening: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var moves: [String: Double]
        var perform: @Sendable (BrokerBench) async throws -> Void

        init(
            _ name: String, _ moves: [String: Double], _ perform: @escaping @Sendable (BrokerBench) async throws -> Void
        ) {
            testDescription = name
            self.moves = moves
            self.perform = perform
        }
    }

    private static let happenings: [Happening] = [
        Happening("a member joins", [:]) { _ = try await $0.join() },
        Happening("a send is stored", ["kin_broker_accepted_total": 1]) { bench in
            let (sender, device) = try await pair(bench)
            sender.receive([try sender.send("a", to: device.member)])
            _ = try await sender.ack(of: "a")
        },
        Happening("it comes again", ["kin_broker_accepted_total": 1, "kin_broker_duplicates_total": 1]) { bench in
            let (sender, device) = try await pair(bench)
            for _ in 1...2 {
                sender.receive([try sender.send("a", to: device.member)])
                _ = try await sender.ack(of: "a")
            }
        },
        Happening(
            "its id is taken",
            ["kin_broker_accepted_total": 1, "kin_broker_nacks_total{code=\"idempotency_key_reused\"}": 1]
        ) { bench in
            let (sender, device) = try await pair(bench)
            sender.receive([try sender.send("a", to: device.member)])
            _ = try await sender.ack(of: "a")
            sender.receive([try sender.send("a", to: device.member, seq: 2, fingerprint: 2)])
            _ = try await sender.nack(of: "a")
        },
        Happening(
            "nobody is there, and what follows waits",
            [
                "kin_broker_nacks_total{code=\"unknown_member\"}": 1,
                "kin_broker_nacks_total{code=\"out_of_order\"}": 1,
            ]
        ) { bench in
            let sender = try await bench.join()
            let nobody = ULID(milliseconds: 9, randomness: [UInt8](repeating: 9, count: 10))
            sender.receive([try sender.send("a", to: nobody), try sender.send("b", to: nobody, seq: 2)])
            for id in ["a", "b"] { _ = try await sender.nack(of: id) }
        },
        Happening(
            "messages are handed out and acknowledged",
            [
                "kin_broker_accepted_total": 3, "kin_broker_pushes_total": 3,
                "kin_broker_client_acks_total{result=\"stored\"}": 1,
                "kin_broker_client_acks_total{result=\"refused\"}": 2,
            ]
        ) { bench in
            let (sender, device) = try await pair(bench)
            let recipient = try await bench.join(device)
            for seq in 1...3 { sender.receive([try sender.send("\(seq)", to: device.member, seq: Int64(seq))]) }
            let pushes = try await recipient.pushes(3).map(\.push)
            recipient.acknowledge([pushes[0]])
            recipient.acknowledge(Array(pushes[1...]), .refused)
        },
        Happening(
            "a lease ends",
            ["kin_broker_accepted_total": 1, "kin_broker_pushes_total": 2, "kin_broker_repushes_total": 1]
        ) { bench in
            let (sender, device) = try await pair(bench)
            let recipient = try await bench.join(device)
            sender.receive([try sender.send("a", to: device.member)])
            _ = try await recipient.push()
            bench.clock.advance(by: 31_000)
            bench.broker.tick()
            _ = try await recipient.push()
        },
        Happening("a clock is wrong", ["kin_broker_handshake_refusals_total{code=\"clock_skew\"}": 1]) { bench in
            let daemon = try await bench.connect(bench.device())
            daemon.receive(daemon.hello(now: bench.clock.now - 100_000))
            #expect(try await daemon.error().code == "clock_skew")
            // Nothing that still comes counts.
            daemon.receive(daemon.hello(now: bench.clock.now - 100_000))
            #expect(bench.refused.value == ["clock_skew"])
        },
        Happening("a hello proves nothing", ["kin_broker_handshake_refusals_total{code=\"unauthorized\"}": 1]) {
            bench in
            let daemon = try await bench.connect(bench.device())
            daemon.receive(daemon.hello(origin: "https://other.example", now: bench.clock.now))
            _ = try await daemon.error()
        },
        Happening("an opening is garbage", ["kin_broker_handshake_refusals_total{code=\"invalid_message\"}": 1]) {
            bench in
            let daemon = try await bench.connect(bench.device())
            daemon.receive([[1, 2, 3]])
            _ = try await daemon.error()
        },
        Happening(
            "a ready session talks garbage, of a type nobody knows, and what is not for it to say",
            [
                "kin_broker_invalid_frames_total{code=\"invalid_message\"}": 2,
                "kin_broker_invalid_frames_total{code=\"unknown_message_type\"}": 1,
            ]
        ) { bench in
            let daemon = try await bench.join()
            let wish = Array(#"{"type":"wish"}"#.utf8)
            daemon.receive([[1, 2, 3], [0, 0, 0, UInt8(wish.count)] + wish])
            daemon.receive(.membersEnd(MembersEnd(version: 1)))
            for _ in 1...3 { _ = try await daemon.error() }
        },
        Happening(
            "a member connects twice", ["kin_broker_concurrent_connections_total{outcome=\"replaced\"}": 1]
        ) { bench in
            let device = try await bench.device()
            _ = try await bench.join(device)
            _ = try await bench.join(device)
            _ = try await bench.concurrent.wait { $0.count == 1 }
        },
    ]

    private static func pair(_ bench: BrokerBench) async throws -> (TestDaemon, TestDevice) {
        let sender = try await bench.join()
        let device = try await bench.device()
        sender.receive(.memberPut(MemberPut(chain: device.chain)))
        return (sender, device)
    }

    @Test("each counter moves by what it counts, and no other", arguments: happenings)
    func moves(happening: Happening) async throws {
        let bench = try BrokerBench()
        try await happening.perform(bench)
        let figures = Figures(MetricFamily.text(of: bench.metrics.families()))
        #expect(Set(figures.series.filter { figures[$0] != 0 }) == Set(happening.moves.keys))
        for (series, value) in happening.moves { #expect(figures[series] == value, "\(series)") }
    }

    @Test("what is in flight is asked, and falls with its acknowledgement")
    func inFlight() async throws {
        let bench = try BrokerBench()
        let (sender, device) = try await Self.pair(bench)
        let recipient = try await bench.join(device)
        sender.receive([try sender.send("a", to: device.member, body: [UInt8](repeating: 1, count: 100))])
        let push = try await recipient.push().push
        var expected = BrokerFigures()
        (expected.sessions, expected.connectedMembers, expected.meshes) = (2, 2, 1)
        (expected.inFlight, expected.bytesInFlight) = (1, 100)
        #expect(bench.broker.figures() == expected)
        recipient.acknowledge([push])
        (expected.inFlight, expected.bytesInFlight) = (0, 0)
        #expect(bench.broker.figures() == expected)
        recipient.session.closed()
        #expect(bench.broker.figures().sessions == 1)
    }
}
