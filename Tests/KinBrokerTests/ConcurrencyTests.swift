import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinBroker

/// Two connections, one member. That the newest is preferred where nobody decided otherwise is in `MembershipTests`.
@Suite struct ConcurrencyTests: TwoConnections {
    let bench: BrokerBench
    let witness: TestDaemon
    let device: TestDevice

    init() async throws {
        bench = try BrokerBench()
        witness = try await bench.join()
        device = try await bench.device()
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
}
