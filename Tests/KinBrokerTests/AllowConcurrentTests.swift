import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinBroker

/// Siblings: two connections of one member side by side.
@Suite struct AllowConcurrentTests: TwoConnections {
    let bench: BrokerBench
    let witness: TestDaemon
    let device: TestDevice

    init() async throws {
        bench = try BrokerBench()
        witness = try await bench.join()
        device = try await bench.device()
    }

    /// Two connections of the device, at a broker that was started more than an hour ago.
    private func siblings() async throws -> (TestDaemon, TestDaemon) {
        bench.clock.advance(by: Departures.patience)
        try await bench.set(.allowConcurrent, by: witness)
        return try await (bench.join(device), bench.join(device))
    }

    @Test("allow_concurrent: both get every message, what waited included, and it is put on record")
    func both() async throws {
        try await bench.set(.allowConcurrent, by: witness)
        witness.receive(.memberPut(MemberPut(chain: device.chain)))
        try await send("m1")
        let (one, two) = try await (bench.join(device), bench.join(device))
        try await send("m2")
        for daemon in [one, two] { #expect(try await daemon.pushes(2).map(\.id) == ["m1", "m2"]) }
        #expect(one.sink.closures == [] && two.sink.closures == [])
        #expect(bench.broker.connectedMembers == 2)
        #expect(try await outcomes(1) == [.both])
    }

    @Test("a delivery is finished once both have acknowledged it")
    func finished() async throws {
        let (one, two) = try await siblings()
        try await send("m1", "m2")
        for (daemon, count) in [(one, 2), (two, 1)] {
            daemon.acknowledge(try await daemon.pushes(2).prefix(count).map(\.push))
            try await daemon.settle()
        }
        #expect(try await waiting() == ["m2"])
    }

    @Test("one that left an hour ago counts no more where the other has acknowledged", arguments: [true, false])
    func leaves(acknowledgesFirst: Bool) async throws {
        let (one, two) = try await siblings()
        try await send("m1")
        let pushes = try await [one.push(), two.push()]
        if acknowledgesFirst { one.acknowledge([pushes[0].push]) }
        two.session.closed()
        if !acknowledgesFirst { one.acknowledge([pushes[0].push]) }
        bench.clock.advance(by: Departures.patience)
        try await send("m2")
        one.acknowledge([try await one.push().push])
        try await one.settle()
        #expect(try await waiting() == [])
    }

    @Test(
        "what one had acknowledged and left waits for another that is here, and for an hour when that goes without a word"
    )
    func bothLeave() async throws {
        let (one, two) = try await siblings()
        try await send("m1")
        one.acknowledge([try await one.push().push])
        _ = try await two.push()
        one.session.closed()
        let third = try await bench.join(device)
        #expect(try await third.push().id == "m1", "one that is here has not acknowledged it")
        bench.clock.advance(by: Departures.patience)
        third.session.closed()
        two.session.closed()
        #expect(try await waiting() == ["m1"], "they left just now")
    }

    @Test("a copy that comes back within the hour gets what came while it was away; one that never left gets it once")
    func comesBack() async throws {
        let (one, two) = try await siblings()
        two.session.closed()
        try await send("m1", "m2")
        one.acknowledge(try await one.pushes(2).map(\.push))
        try await one.settle()
        bench.clock.advance(by: Departures.patience - 1)
        let again = try await bench.join(device)
        #expect(try await again.pushes(2).map(\.id) == ["m1", "m2"])
        try await one.settle()
        #expect(!one.sink.messages.contains { $0.type == "push" })
    }

    @Test("a copy that comes back after more than an hour gets what the other has not acknowledged")
    func comesBackLate() async throws {
        let (one, two) = try await siblings()
        two.session.closed()
        try await send("m1")
        one.acknowledge([try await one.push().push])
        bench.clock.advance(by: Departures.patience)
        try await send("m2")
        one.acknowledge([try await one.push().push])
        try await one.settle()
        try await send("m3")
        let again = try await bench.join(device)
        #expect(try await again.push().id == "m3")
    }

    @Test("a copy that is gone for good holds nothing back after its hour, however often the other comes and goes")
    func goneForGood() async throws {
        let (one, two) = try await siblings()
        two.session.closed()
        var staying = one
        for turn in 1...4 {
            try await send("m\(turn)")
            var pushed: [TestDaemon.Delivery] = []
            while pushed.last?.id != "m\(turn)" { pushed.append(try await staying.push()) }
            staying.acknowledge(pushed.map(\.push))
            try await staying.settle()
            // A durable write: what was acknowledged is noted at this time, not at that to which the clock goes.
            witness.receive([try witness.send("w\(turn)", to: witness.member, seq: 100 + Int64(turn))])
            _ = try await witness.ack(of: "w\(turn)")
            staying.session.closed()
            bench.clock.advance(by: Departures.patience * 5 / 6)
            staying = try await bench.join(device)
        }
        #expect(try await staying.push().id == "m4", "which the other, had it left in the last hour, could lack")
    }

    @Test("one that comes and goes makes no other lose anything")
    func blinks() async throws {
        let (one, two) = try await siblings()
        two.session.closed()
        var here = one
        for id in ["m1", "m2", "m3"] {
            try await send(id)
            let ids = try await here.pushes(Int(id.dropFirst()) ?? 0)
            here.acknowledge(ids.map(\.push))
            try await here.settle()
            here.session.closed()
            here = try await bench.join(device)
        }
        #expect(try await here.pushes(3).map(\.id) == ["m1", "m2", "m3"], "the one that is away lacks them")
        let again = try await bench.join(device)
        #expect(try await again.pushes(3).map(\.id) == ["m1", "m2", "m3"])
    }

    @Test("after a start of the broker each copy gets what came since, however many come, for an hour")
    func started() async throws {
        let (one, _) = try await siblings()
        try await send("m1")
        one.acknowledge([try await one.push().push])
        try await one.settle()
        let bench = try bench.restarted()
        let (first, sender) = try await (bench.join(device), bench.join(witness.device))
        sender.receive([try sender.send("m2", to: device.member, seq: 2)])
        first.acknowledge(try await first.pushes(2).map(\.push))
        try await first.settle()
        for _ in 0..<3 { #expect(try await bench.join(device).pushes(2).map(\.id) == ["m1", "m2"]) }
    }

    @Test("what neither acknowledged stays")
    func neither() async throws {
        let (one, two) = try await siblings()
        try await send("m1")
        _ = try await (one.push(), two.push())
        one.session.closed()
        two.session.closed()
        #expect(try await waiting() == ["m1"])
    }

    @Test("each has its own leases: one that is slow is handed it again, the other is not")
    func leases() async throws {
        let (one, two) = try await siblings()
        try await send("m1")
        one.acknowledge([try await one.push().push])
        let first = try await two.push()
        bench.clock.advance(by: 30_000)
        bench.broker.tick()
        #expect(try await two.push() == first)
        try await one.settle()
        #expect(!one.sink.messages.contains { $0.type == "push" })
    }

    @Test("the member is there while either is; nobody is told of the second")
    func presence() async throws {
        try await bench.set(.allowConcurrent, by: witness)
        let one = try await bench.join(device)
        try await heardOfIt()
        let two = try await bench.join(device)
        one.session.closed()
        try await witness.settle()
        #expect(witness.sink.messages == [])
        #expect(try await bench.knock(bench.device()).readList().online.contains(device.member))
        two.session.closed()
        let left = try await witness.sink.take("peer_leave") {
            if case .peerLeave(let it) = $0.message { it } else { nil }
        }
        #expect(left.member == device.member)
    }

    @Test("what one sends does not stand in the order of the other, and an id both send is stored once")
    func sends() async throws {
        let (one, two) = try await siblings()
        for (daemon, id) in [(one, "a"), (two, "b")] {
            daemon.receive([try daemon.send(id, to: witness.member, seq: 5)])
            _ = try await daemon.ack(of: id)
        }
        two.receive([try two.send("a", to: witness.member, seq: 5)])
        #expect(try await two.ack(of: "a").duplicate)
        #expect(try await witness.pushes(2).map(\.id) == ["a", "b"])
    }

    @Test("both are closed when the member is revoked")
    func revoked() async throws {
        let (one, two) = try await siblings()
        let proof = try await bench.family.revocationByWallet(of: device.member)
        witness.receive(.revocations(Revocations(entries: [proof])))
        for daemon in [one, two] { #expect(try await daemon.sink.closure().code == .memberRevoked) }
        #expect(bench.broker.connectedMembers == 1)
    }

    @Test(
        "when the policy changes, those that are one too many are closed as it says",
        arguments: [
            (ConcurrentPolicy.preferNewest, CloseCode.replacedByNewerConnection),
            (.preferOldest, .memberAlreadyConnected),
        ])
    func changes(policy: ConcurrentPolicy, code: CloseCode) async throws {
        let (one, two) = try await siblings()
        let (ended, kept) = policy == .preferNewest ? (one, two) : (two, one)
        try await bench.set(policy, by: witness, seq: 2)
        #expect(try await ended.sink.closure().code == code)
        ended.session.closed()
        try await send("m1")
        #expect(try await kept.push().id == "m1")
        #expect(kept.sink.closures == [] && bench.broker.connectedMembers == 2)
    }

    @Test("when the settings fall with their signer, the older ones are closed")
    func falls() async throws {
        let owner = try await bench.join()
        try await bench.set(.allowConcurrent, by: owner)
        let (one, two) = try await (bench.join(device), bench.join(device))
        let proof = try await bench.family.revocationByWallet(of: owner.member)
        witness.receive(.revocations(Revocations(entries: [proof])))
        #expect(try await one.sink.closure().code == .replacedByNewerConnection)
        try await two.settle()
        #expect(two.sink.closures == [])
    }
}
