import KinBroker
import KinEncoding
import KinTesting
import KinWire
import Testing

@Suite struct DeliveryTests {
    let bench: BrokerBench
    let sender: TestDaemon
    let device: TestDevice

    init() async throws {
        bench = try BrokerBench()
        sender = try await bench.join()
        device = try await bench.device()
        sender.receive(.memberPut(MemberPut(chain: device.chain)))
    }

    private func send(_ ids: [String], priority: Priority = .next, from first: Int64 = 1, bytes: Int = 3) async throws {
        let frames = try ids.enumerated().map { index, id in
            try sender.send(
                id, to: device.member, seq: first + Int64(index), priority: priority,
                body: [UInt8](repeating: 1, count: bytes))
        }
        sender.receive(frames)
        for id in ids { _ = try await sender.ack(of: id) }
    }

    private func noMorePushes(_ daemon: TestDaemon) async throws {
        try await daemon.settle()
        #expect(!daemon.sink.messages.contains { $0.type == "push" })
    }

    @Test("who was away finds everything: now before next before low, each in order")
    func offline() async throws {
        try await send(["l1", "l2"], priority: .low)
        try await send(["n1", "n2"], priority: .next)
        try await send(["u1", "u2"], priority: .now)
        try await send(["n3"], priority: .next, from: 3)
        let daemon = try await bench.join(device)
        #expect(try await daemon.pushes(7).map(\.id) == ["u1", "u2", "n1", "n2", "n3", "l1", "l2"])
        try await noMorePushes(daemon)
    }

    @Test("at most 256 are in flight, and each acknowledgement makes room")
    func inFlight() async throws {
        try await send((0..<300).map { "m\($0)" })
        let daemon = try await bench.join(device)
        let first = try await daemon.pushes(256)
        try await noMorePushes(daemon)
        daemon.acknowledge(first.prefix(10).map(\.push))
        let next = try await daemon.pushes(10)
        #expect(next.map(\.id) == (256..<266).map { "m\($0)" })
        try await noMorePushes(daemon)
        daemon.acknowledge(first.dropFirst(10).map(\.push))
        daemon.acknowledge(next.map(\.push))
        #expect(try await daemon.pushes(34).map(\.id) == (266..<300).map { "m\($0)" })
    }

    @Test("at most 1 MiB is in flight, offline or live")
    func bytesInFlight() async throws {
        try await send((0..<20).map { "m\($0)" }, bytes: 65_536)
        let daemon = try await bench.join(device)
        let first = try await daemon.pushes(16)
        try await send((20..<24).map { "m\($0)" }, from: 21, bytes: 65_536)
        try await noMorePushes(daemon)
        daemon.acknowledge(first.map(\.push))
        #expect(try await daemon.pushes(8).map(\.id) == (16..<24).map { "m\($0)" })
    }

    @Test("any result finishes a delivery", arguments: ClientAck.Result.allCases)
    func results(result: ClientAck.Result) async throws {
        let daemon = try await bench.join(device)
        try await send(["m"])
        daemon.acknowledge([try await daemon.push().push], result)
        try await daemon.settle()
        bench.clock.advance(by: 60_000)
        bench.broker.tick()
        let again = try await bench.join(device)
        try await noMorePushes(again)
    }

    @Test("what is not acknowledged for 30 seconds is pushed again, in order, and the same to the byte")
    func lease() async throws {
        let daemon = try await bench.join(device)
        try await send(["a", "b", "c"])
        let first = try await daemon.pushes(3)
        daemon.acknowledge([first[0].push])
        bench.clock.advance(by: 29_999)
        bench.broker.tick()
        try await noMorePushes(daemon)
        bench.clock.advance(by: 1)
        bench.broker.tick()
        #expect(try await daemon.pushes(2) == Array(first[1...]))
        try await noMorePushes(daemon)
    }

    @Test("a push and its repetition are the same message, sent at the same time")
    func sentAt() async throws {
        let ticking = try BrokerBench(ticking: true)
        let daemon = try await ticking.join()
        daemon.receive([try daemon.send("m", to: daemon.member)])
        let first = try await daemon.push()
        ticking.clock.advance(by: 30_000)
        ticking.broker.tick()
        #expect(try await daemon.push() == first)
    }

    @Test("a message that expires while it waits is handed out all the same: its recipient alone can tell its sender")
    func expires() async throws {
        sender.receive([
            try sender.send("short", to: device.member, seq: 1, expiresAt: bench.clock.now + 1000),
            try sender.send("long", to: device.member, seq: 2),
        ])
        _ = try await sender.ack(of: "long")
        bench.clock.advance(by: 1000)
        let daemon = try await bench.join(device)
        #expect(try await daemon.pushes(2).map(\.id) == ["short", "long"])
    }

    @Test("what was acknowledged stays so over a restart, the rest is delivered again")
    func positionsSurvive() async throws {
        let daemon = try await bench.join(device)
        try await send((0..<6).map { "m\($0)" })
        let pushes = try await daemon.pushes(6)
        daemon.acknowledge([0, 1, 2, 4].map { pushes[$0].push })
        try await daemon.settle()
        let later = try bench.restarted()
        let again = try await later.join(device)
        #expect(try await again.pushes(3).map(\.id) == ["m3", "m4", "m5"], "after the acknowledged prefix")
        try await noMorePushes(again)
    }

    @Test("acknowledgements survive the end of the session that gave them")
    func acknowledgedThenGone() async throws {
        let daemon = try await bench.join(device)
        try await send(["a", "b"])
        daemon.acknowledge(try await daemon.pushes(2).map(\.push))
        daemon.session.closed()
        try await sender.settle()
        let again = try await bench.join(device)
        try await noMorePushes(again)
    }

    @Test("a fresh message of low priority waits for older ones of high priority")
    func liveOrder() async throws {
        try await send((0..<300).map { "n\($0)" })
        let daemon = try await bench.join(device)
        let first = try await daemon.pushes(256)
        try await send(["l"], priority: .low)
        try await send(["u"], priority: .now)
        try await sender.settle()
        daemon.acknowledge(first.map(\.push))
        let rest = try await daemon.pushes(46)
        #expect(rest.map(\.id) == ["u"] + (256..<300).map { "n\($0)" } + ["l"])
    }

    @Test("many senders at once: each message once, each sender's in order")
    func manySenders() async throws {
        let recipient = try await bench.join(device)
        var senders: [TestDaemon] = []
        for _ in 0..<6 { senders.append(try await bench.join()) }
        await withThrowingTaskGroup(of: Void.self) { group in
            for sender in senders {
                group.addTask {
                    for turn in 1...40 {
                        sender.receive([try sender.send("\(turn)", to: recipient.member, seq: Int64(turn))])
                    }
                }
            }
        }
        var seen: [ULID: [Int64]] = [:]
        for _ in 0..<240 {
            let push = try await recipient.push().push
            seen[push.sender, default: []].append(push.seq)
            recipient.acknowledge([push])
        }
        for sender in senders { #expect(seen[sender.member] == (1...40).map { Int64($0) }) }
        try await noMorePushes(recipient)
    }
}
