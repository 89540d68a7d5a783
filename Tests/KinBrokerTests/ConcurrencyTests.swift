import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinBroker

/// Two connections, one member. That the newest is preferred where nobody decided otherwise is in `MembershipTests`.
@Suite struct ConcurrencyTests {
    let bench: BrokerBench
    let witness: TestDaemon
    let device: TestDevice

    init() async throws {
        bench = try BrokerBench()
        witness = try await bench.join()
        device = try await bench.device()
    }

    private func send(_ ids: String..., from daemon: TestDaemon? = nil) async throws {
        let daemon = daemon ?? witness
        for id in ids {
            daemon.receive([try daemon.send(id, to: device.member, seq: Int64(id.dropFirst()) ?? 1)])
            _ = try await daemon.ack(of: id)
        }
    }

    /// The witness knows of the device, and has nothing else to hear.
    private func heardOfIt() async throws {
        _ = try await witness.sink.take("member_joined") { $0.message.type == "member_joined" ? () : nil }
        witness.sink.clear()
    }

    private func outcomes(_ count: Int) async throws -> [ConcurrentConnection.Outcome] {
        let events = try await bench.concurrent.wait { $0.count >= count }
        #expect(events.allSatisfy { $0.member == MeshMember(mesh: bench.family.mesh, member: device.member) })
        return events.map(\.outcome)
    }

    /// What waits for the device once everybody has gone and the server was started again.
    private func waiting() async throws -> [String] {
        let bench = try bench.restarted()
        let (daemon, sender) = try await (bench.join(device), bench.join(witness.device))
        sender.receive([try sender.send("end", to: device.member, seq: 99)])
        var ids: [String] = []
        while ids.last != "end" { ids.append(try await daemon.push().id) }
        return ids.dropLast()
    }

    // MARK: prefer_newest

    @Test("prefer_newest, said by an owner or not: the older one is replaced, and it is put on record")
    func preferNewest() async throws {
        var older = try await bench.join(device)
        for isSet in [false, true] {
            if isSet { try await bench.set(.preferNewest, by: witness) }
            let newer = try await bench.join(device)
            #expect(try await older.sink.closure().code == .replacedByNewerConnection)
            #expect(older.sink.pings == 0, "it is not asked")
            older = newer
        }
        #expect(try await outcomes(2) == [.replaced, .replaced])
    }

    // MARK: prefer_oldest

    @Test("prefer_oldest: while the older one answers, the newer is refused with the reason, and changes nothing")
    func preferOldest() async throws {
        try await bench.set(.preferOldest, by: witness)
        let older = try await bench.join(device)
        try await heardOfIt()
        let newer = try await bench.knock(device)
        try await older.sink.pinged(1)
        #expect(newer.sink.closures == [])
        older.session.answeredPing()
        #expect(try await newer.error().code == "member_already_connected")
        #expect(
            try await newer.sink.closure() == .init(code: .memberAlreadyConnected, reason: "member_already_connected"))
        #expect(newer.sink.messages.allSatisfy { $0.type != "ready" })
        newer.session.closed()
        try await send("m1")
        #expect(try await older.push().id == "m1")
        #expect(older.sink.closures == [] && witness.sink.messages == [])
        #expect(try await outcomes(1) == [.refused])
    }

    @Test("anything the older one says is a sign of life")
    func says() async throws {
        try await bench.set(.preferOldest, by: witness)
        let older = try await bench.join(device)
        let newer = try await bench.knock(device)
        try await older.sink.pinged(1)
        try await older.settle()
        #expect(try await newer.sink.closure().code == .memberAlreadyConnected)
    }

    @Test(
        "an older one that is silent for five seconds is ended, and the newer one comes in and gets what it was handed")
    func silent() async throws {
        try await bench.set(.preferOldest, by: witness)
        let older = try await bench.join(device)
        try await send("m1")
        _ = try await older.push()
        try await heardOfIt()
        let newer = try await bench.knock(device)
        try await older.sink.pinged(1)
        bench.clock.advance(by: 4_999)
        bench.broker.tick()
        #expect(older.sink.closures == [] && newer.sink.closures == [])
        bench.clock.advance(by: 1)
        bench.broker.tick()
        _ = try await newer.readList()
        #expect(try await newer.push().id == "m1")
        #expect(
            older.sink.closures == [.init(code: .replacedByNewerConnection, reason: "replaced_by_newer_connection")])
        older.session.closed()
        try await witness.settle()
        #expect(!witness.sink.messages.contains { $0.type.hasPrefix("peer_") }, "the member was here all the time")
        #expect(bench.broker.connectedMembers == 2)
        #expect(try await outcomes(1) == [.silent])
    }

    @Test("an older one whose connection ends while it is asked makes room at once")
    func gone() async throws {
        try await bench.set(.preferOldest, by: witness)
        let older = try await bench.join(device)
        let newer = try await bench.knock(device)
        try await older.sink.pinged(1)
        older.session.closed()
        _ = try await newer.readList()
        #expect(newer.sink.closures == [])
    }

    @Test("of two that come at once to one that is silent one comes in, and the other is refused")
    func twoAtOnce() async throws {
        try await bench.set(.preferOldest, by: witness)
        let older = try await bench.join(device)
        let newer = try await [bench.knock(device), bench.knock(device)]
        try await older.sink.pinged(1)
        for daemon in newer { _ = try await daemon.sink.take("features") { $0.message.type.hasPrefix("feature") } }
        bench.clock.advance(by: 5_000)
        bench.broker.tick()
        _ = try await older.sink.closure()
        let refused = Observed<Int?>(nil)
        for (index, daemon) in newer.enumerated() {
            Task {
                try await daemon.sink.pinged(1)
                daemon.session.answeredPing()
            }
            Task {
                _ = try await daemon.sink.closure()
                refused.update { $0 = index }
            }
        }
        let index = try await refused.wait { $0 != nil }.orThrow("one that is refused")
        #expect(newer[index].sink.closures.map(\.code) == [.memberAlreadyConnected])
        #expect(newer[1 - index].sink.closures == [])
        _ = try await newer[1 - index].readList()
    }

    @Test("waiting for the older one is no part of the time the opening may take")
    func deadline() async throws {
        try await bench.set(.preferOldest, by: witness)
        let older = try await bench.join(device)
        let newer = try await bench.connect(device)
        bench.clock.advance(by: 8_000)
        bench.broker.tick()
        newer.receive([newer.hello(now: bench.clock.now).encoded(), newer.featureRequest().encoded()])
        try await older.sink.pinged(1)
        bench.clock.advance(by: 3_000)
        bench.broker.tick()
        #expect(newer.sink.closures == [])
        bench.clock.advance(by: 2_000)
        bench.broker.tick()
        _ = try await newer.readList()
    }

    @Test("a newer one that leaves while the older is asked ends nobody")
    func left() async throws {
        try await bench.set(.preferOldest, by: witness)
        let older = try await bench.join(device)
        let newer = try await bench.knock(device)
        try await older.sink.pinged(1)
        newer.session.closed()
        bench.clock.advance(by: 5_000)
        bench.broker.tick()
        try await send("m1")
        #expect(try await older.push().id == "m1")
        #expect(older.sink.closures == [])
    }

    @Test("an older one that the server itself does not read from is not taken for dead")
    func paused() async throws {
        try await bench.set(.preferOldest, by: witness)
        let older = try await bench.join(device)
        let leave = try bench.holdStore()
        defer { leave.open() }
        let body = [UInt8](repeating: 1, count: 65_536)
        for turn in 1...17 {
            older.receive([try older.send("m\(turn)", to: witness.member, seq: Int64(turn), body: body)])
        }
        try await older.sink.paused([true])
        let newer = try await bench.knock(device)
        try await older.sink.pinged(1)
        bench.clock.advance(by: 5_000)
        bench.broker.tick()
        #expect(try await newer.sink.closure().code == .memberAlreadyConnected)
        #expect(older.sink.closures == [])
    }

    @Test("a server may prefer the oldest where nobody decided, and says so in its features")
    func defaultPolicy() async throws {
        let policy = BrokerPolicy(admission: .open, origins: [BrokerBench.origin], defaultPolicy: .preferOldest)
        let bench = try BrokerBench(policy: policy)
        let older = try await bench.join(device)
        let response = try await older.sink.take("features") {
            if case .featureResponse(let it) = $0.message { it } else { nil }
        }
        let features = try NegotiatedFeatures(judging: response, required: Feature.requiredByDaemon)
        #expect(features.concurrentPolicy == .preferOldest)
        let newer = try await bench.knock(device)
        try await older.sink.pinged(1)
        older.session.answeredPing()
        #expect(try await newer.sink.closure().code == .memberAlreadyConnected)
    }

    // MARK: allow_concurrent

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
