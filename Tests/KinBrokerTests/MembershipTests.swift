import KinBroker
import KinEncoding
import KinTesting
import KinWire
import Testing

@Suite struct MembershipTests {
    private func list(_ bench: BrokerBench, _ device: TestDevice) async throws -> (TestDaemon, MemberList) {
        let daemon = try await bench.connect(device)
        daemon.receive([daemon.hello(now: bench.clock.now).encoded(), daemon.featureRequest().encoded()])
        return (daemon, try await daemon.readList())
    }

    private func change(_ daemon: TestDaemon, _ type: String) async throws -> MemberChange {
        try await daemon.sink.take(type) { frame in
            switch frame.message {
            case .peerJoin(let change) where type == "peer_join": change
            case .peerLeave(let change) where type == "peer_leave": change
            default: nil
            }
        }
    }

    private func joined(_ daemon: TestDaemon) async throws -> MemberJoined {
        try await daemon.sink.take("member_joined") { if case .memberJoined(let it) = $0.message { it } else { nil } }
    }

    @Test("a newcomer reads who is in the mesh and who is here")
    func lists() async throws {
        let bench = try BrokerBench()
        let (here, gone) = try await (bench.join(), bench.join())
        gone.session.closed()
        let (newcomer, list) = try await list(bench, bench.device())
        #expect(list.all == [here.member, gone.member, newcomer.member])
        #expect(list.online == [here.member, newcomer.member])
        #expect(list.members.count == 3)
    }

    @Test("the others learn of a newcomer, of its leaving and of its coming back, by rising versions above the list's")
    func events() async throws {
        let bench = try BrokerBench()
        let (witness, list) = try await list(bench, bench.device())
        let device = try await bench.device()
        let first = try await bench.join(device)
        let joined = try await joined(witness)
        #expect(joined.chain == device.chain && joined.online)
        first.session.closed()
        let left = try await change(witness, "peer_leave")
        _ = try await bench.join(device)
        let back = try await change(witness, "peer_join")
        #expect(left.member == device.member && back.member == device.member)
        let versions = [list.version, joined.version, left.version, back.version]
        #expect(versions == versions.sorted() && Set(versions).count == 4, "\(versions)")
    }

    @Test("nobody is told of itself")
    func notOneself() async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.join()
        try await daemon.settle()
        #expect(daemon.typesBesidesTopics == ["feature_negotiation_response"])
    }

    // MARK: Two connections, one member

    @Test("a newer connection of a member closes the older one, whose late end leaves the newer alone")
    func preferNewest() async throws {
        let bench = try BrokerBench()
        let witness = try await bench.join()
        let device = try await bench.device()
        let older = try await bench.join(device)
        _ = try await joined(witness)
        let newer = try await bench.join(device)
        #expect(
            try await older.sink.closure()
                == .init(code: .replacedByNewerConnection, reason: "replaced_by_newer_connection"))
        #expect(newer.sink.closures == [])
        #expect(bench.broker.connectedMembers == 2)
        older.session.closed()
        #expect(bench.broker.connectedMembers == 2)
        witness.receive([try witness.send("m", to: device.member)])
        #expect(try await newer.push().id == "m")
        try await witness.settle()
        let news = witness.sink.messages.map(\.type).filter { $0.hasPrefix("peer_") }
        #expect(news == [], "the member was here all the time")
    }

    @Test("a session that was ended is closed once, for the first reason")
    func closedOnce() async throws {
        let daemon = try await BrokerBench().join()
        daemon.session.end(.goingAway)
        daemon.session.end(.serverDraining, reason: "again")
        #expect(daemon.sink.closures == [.init(code: .goingAway, reason: "server_draining")])
    }

    @Test("what an older connection still says after it was replaced does not count")
    func replacedSaysNothing() async throws {
        let bench = try BrokerBench()
        let device = try await bench.device()
        let older = try await bench.join(device)
        let newer = try await bench.join(device)
        _ = try await older.sink.closure()
        older.receive([try older.send("late", to: device.member)])
        try await newer.settle()
        #expect(!newer.sink.messages.contains { $0.type == "push" })
        #expect(!older.sink.messages.contains { $0.type == "ack" })
    }

    @Test("what the older connection was handed and did not acknowledge, the newer gets")
    func leasesEnd() async throws {
        let bench = try BrokerBench()
        let sender = try await bench.join()
        let device = try await bench.device()
        let older = try await bench.join(device)
        sender.receive([try sender.send("m", to: device.member)])
        let first = try await older.push()
        let newer = try await bench.join(device)
        #expect(try await newer.push() == first)
    }

    // MARK: member_put

    @Test("a chain that one member introduces is known to all")
    func put() async throws {
        let bench = try BrokerBench()
        let (introducer, witness) = try await (bench.join(), bench.join())
        let absent = try await bench.device()
        introducer.receive(.memberPut(MemberPut(chain: absent.chain)))
        var news = try await joined(witness)
        if news.chain.member == introducer.member { news = try await joined(witness) }
        #expect(news.chain == absent.chain && !news.online)
        let (_, list) = try await list(bench, bench.device())
        #expect(list.all.contains(absent.member) && !list.online.contains(absent.member))
    }

    @Test("a member whose certificate is over is told as long as a message of it may come, and no longer")
    func longOver() async throws {
        let bench = try BrokerBench()
        let guest = try bench.family.device(issuedBy: await bench.device(), role: .guest)
        _ = try await bench.join(guest)
        let end = try #require(guest.chain.certificate.expiresAt)
        for (days, isTold) in [(0, true), (45, true), (46, false)] as [(Int64, Bool)] {
            bench.clock.advance(by: end + days * 86_400_000 - bench.clock.now)
            let (_, list) = try await list(bench, bench.device())
            #expect(list.all.contains(guest.member) == isTold, "\(days) days")
        }
    }

    @Test("putting a known chain again tells nobody")
    func putAgain() async throws {
        let bench = try BrokerBench()
        let (introducer, witness) = try await (bench.join(), bench.join())
        witness.sink.clear()
        introducer.receive(.memberPut(MemberPut(chain: witness.device.chain)))
        try await introducer.settle()
        #expect(witness.sink.messages == [])
    }

    @Test("an invalid chain, one of another mesh or one shorter than known is refused, and the session goes on")
    func badPut() async throws {
        let bench = try BrokerBench()
        let device = try await bench.device()
        let rotated = try await bench.join(device.rotated())
        let introducer = try await bench.join()
        var forged = try await bench.device().chain
        forged.certificate.signature[0] ^= 1
        for chain in [forged, try await TestFamily().device().chain, device.chain] {
            introducer.receive(.memberPut(MemberPut(chain: chain)))
            let error = try await introducer.error()
            #expect(error.code == "chain_invalid" && error.ref == "member_put")
        }
        try await introducer.settle()
        #expect(introducer.sink.closures == [])
        let (_, list) = try await list(bench, bench.device())
        #expect(!list.all.contains(forged.member))
        #expect(list.members.first { $0.chain.member == device.member }?.chain == rotated.device.chain)
    }

    @Test("members are still known after a restart, and offline")
    func restart() async throws {
        let bench = try BrokerBench()
        let (first, second) = try await (bench.join(), bench.join())
        try await first.settle()
        let later = try bench.restarted()
        let (newcomer, list) = try await list(later, later.device())
        #expect(list.all == [first.member, second.member, newcomer.member])
        #expect(list.online == [newcomer.member])
    }
}
