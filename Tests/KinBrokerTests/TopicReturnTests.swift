import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@testable import KinBroker

/// Who comes back to a topic, and who is in it no more.
@Suite struct TopicReturnTests {
    let bench: BrokerBench
    let alice: TestDaemon
    let bob: TestDaemon
    let builds: TopicName

    init() async throws {
        bench = try BrokerBench()
        alice = try await bench.join()
        bob = try await bench.join()
        builds = try TopicName("builds").orThrow("a name")
        for daemon in [alice, bob] { try await daemon.hearsTopics() }
        #expect(try await alice.asks { .topicCreate(TopicCreate(request: $0, topic: builds)) } == nil)
    }

    @Test(
        "who was in a topic already and joins again gets what was posted since, below what it has acknowledged too, once more after a restart"
    )
    func since() async throws {
        bench.clock.advance(by: 1_000)
        try await alice.posts("early", to: builds, epoch: 1)
        bench.clock.advance(by: 1_000)
        let time = bench.clock.now
        try await alice.posts("late", to: builds, epoch: 1, seq: 2)
        alice.receive([try alice.send("direct", to: bob.member)])
        let direct = try await bob.push()
        bob.acknowledge([direct.push])
        try await bob.settle()
        #expect(try await bob.asks { .topicJoin(TopicJoin(request: $0, topic: builds, since: time)) } == nil)
        #expect(try await bob.pushes(2).map(\.id) == ["late", "direct"])
        // Not acknowledged: the stored position has gone back, too.
        let again = try bench.restarted()
        let back = try await again.join(bob.device)
        #expect(try await back.pushes(2).map(\.id) == ["late", "direct"])
    }

    @Test("whatever it says, nobody gets what was posted before it was certified")
    func beforeItWas() async throws {
        try await alice.posts("early", to: builds, epoch: 1)
        bench.clock.advance(by: 60_000)
        let carol = try await bench.join(try await bench.family.device(at: bench.clock.now))
        try await carol.hearsTopics()
        try await alice.posts("late", to: builds, epoch: 1, seq: 2)
        #expect(try await carol.asks { .topicJoin(TopicJoin(request: $0, topic: builds, since: 0)) } == nil)
        #expect(try await carol.push().id == "late")
    }

    @Test("a server that lost its store hands everybody in all what was posted there since, whenever they come")
    func everybodyAfterALoss() async throws {
        let empty = try BrokerBench(family: bench.family)
        empty.clock.advance(by: 3_600_000)
        let first = try await empty.join(alice.device)
        try await first.hearsTopics()
        try await first.posts("again", to: .everybody, epoch: 1)
        let late = try await empty.join(bob.device)
        #expect(try await late.push().id == "again")
    }

    @Test("a topic ends when the last has left: others hear of it, and the name is free, after a restart too")
    func theLast() async throws {
        #expect(try await bob.asks { .topicJoin(TopicJoin(request: $0, topic: builds)) } == nil)
        for daemon in [alice, bob] {
            #expect(try await daemon.asks { .topicLeave(TopicLeave(request: $0, topic: builds)) } == nil)
        }
        _ = try await alice.sink.take("topic_gone") { if case .topicGone(let it) = $0.message { it } else { nil } }
        #expect(try await alice.asks { .topicJoin(TopicJoin(request: $0, topic: builds)) } == "unknown_topic")
        let again = try bench.restarted()
        let back = try await again.join(bob.device)
        #expect(try await back.hearsTopics().map(\.topic) == [.everybody])
        #expect(try await back.asks { .topicCreate(TopicCreate(request: $0, topic: builds)) } == nil)
        #expect(try await back.topic(builds).minEpoch == 0)
    }

    @Test("when a certificate is over its session ends, and no post of the epoch it has a key of is taken")
    func expiry() async throws {
        let guest = try bench.family.device(issuedBy: alice.device, role: .guest)
        let visitor = try await bench.join(guest)
        let proof = try alice.topicProof(try TopicName("talks").orThrow("a name"), [alice, visitor])
        let talks = proof.list.topic
        #expect(try await alice.asks { .topicCreate(TopicCreate(request: $0, topic: talks, proof: proof)) } == nil)
        try await alice.posts("one", to: talks, epoch: 1)
        #expect(try await visitor.push().id == "one")
        bench.clock.advance(by: 86_399_999)
        bench.broker.tick()
        #expect(visitor.sink.closures.isEmpty)
        bench.clock.advance(by: 1)
        bench.broker.tick()
        #expect(visitor.sink.closures.map(\.reason) == ["certificate_expired"])
        #expect(try await alice.members(of: talks) == [alice.member])
        #expect(try await alice.postsInVain("two", to: talks, epoch: 1, seq: 2).code == "epoch_stale")
    }

    @Test("with another certificate a member gets what came while it had none")
    func renewal() async throws {
        let guest = try bench.family.device(issuedBy: alice.device, role: .guest)
        let visitor = try await bench.join(guest)
        let proof = try alice.topicProof(try TopicName("talks").orThrow("a name"), [alice, visitor])
        let talks = proof.list.topic
        #expect(try await alice.asks { .topicCreate(TopicCreate(request: $0, topic: talks, proof: proof)) } == nil)
        bench.clock.advance(by: 86_400_000)
        bench.broker.tick()
        try await alice.posts("meanwhile", to: talks, epoch: 1)
        bench.clock.advance(by: 1_000)
        var certificate = guest.chain.certificate
        (certificate.issuer, certificate.issuedAt) = (.wallet, bench.clock.now)
        certificate.expiresAt = bench.clock.now + 86_400_000
        certificate = try await bench.family.wallet.sign(certificate)
        let back = try await bench.join(TestDevice(copying: guest, chain: Chain(certificate: certificate)))
        #expect(try await back.push().id == "meanwhile")
        #expect(try await alice.members(of: talks).count == 2)
    }

    @Test("a private topic whose last member is replaced goes on, and one that nobody is in keeps its list")
    func replaced() async throws {
        let name = try TopicName("talks").orThrow("a name")
        let first = try alice.topicProof(name, [alice])
        #expect(try await alice.asks { .topicCreate(TopicCreate(request: $0, topic: name, proof: first)) } == nil)
        let second = try alice.topicProof(name, [bob], after: first)
        #expect(try await alice.asks { .topicSet(TopicSet(request: $0, proof: second)) } == nil)
        #expect(try await bob.topic(name).joined)
        #expect(try await bob.asks { .topicLeave(TopicLeave(request: $0, topic: name)) } == nil)
        // Who was on the list once does not bring it back.
        #expect(
            try await alice.asks { .topicCreate(TopicCreate(request: $0, topic: name, proof: first)) }
                == "topic_exists")
        #expect(try await bob.asks { .topicJoin(TopicJoin(request: $0, topic: name)) } == nil)
    }

    @Test("of two lists worked out from the same one the second is refused, whoever dated it later")
    func twoLists() async throws {
        let name = try TopicName("talks").orThrow("a name")
        let first = try alice.topicProof(name, [alice, bob])
        #expect(try await alice.asks { .topicCreate(TopicCreate(request: $0, topic: name, proof: first)) } == nil)
        let without = try alice.topicProof(name, [alice], after: first)
        var with = try bob.topicProof(name, [alice, bob], after: first)
        with.list.at += 1_000
        with.list = with.list.signed(by: bob.device.keys.signing)
        #expect(try await alice.asks { .topicSet(TopicSet(request: $0, proof: without)) } == nil)
        #expect(try await bob.asks { .topicSet(TopicSet(request: $0, proof: with)) } == "topic_outdated")
    }

    @Test("a session that comes in while another of its member goes back begins no further")
    func rewoundMeanwhile() throws {
        var rewound = Rewound()
        rewound.note(Rewinding(member: bob.member, to: 5), now: 1_000)
        rewound.note(Rewinding(member: bob.member, to: 7), now: 2_000)
        #expect(rewound.position(of: bob.member, now: 3_000) == 5)
        #expect(rewound.position(of: alice.member, now: 3_000) == nil)
        #expect(rewound.position(of: bob.member, now: 62_000) == nil)
    }

    @Test("whoever made a topic and was taken off its list does not sign itself in again")
    func theMakerOutside() async throws {
        let machine = try await bench.join(try bench.family.device(issuedBy: alice.device, role: .machine))
        let name = try TopicName("talks").orThrow("a name")
        let first = try machine.topicProof(name, [alice, machine])
        #expect(try await machine.asks { .topicCreate(TopicCreate(request: $0, topic: name, proof: first)) } == nil)
        let without = try alice.topicProof(name, [alice], after: first)
        #expect(try await alice.asks { .topicSet(TopicSet(request: $0, proof: without)) } == nil)
        let back = try machine.topicProof(name, [alice, machine], after: without)
        #expect(try await machine.asks { .topicSet(TopicSet(request: $0, proof: back)) } == "unknown_topic")
        #expect(try await alice.asks { .topicSet(TopicSet(request: $0, proof: back)) } == "topic_invalid")
    }

    @Test("what a member was sent is told again with the posts of the topics it is in")
    func history() async throws {
        #expect(try await bob.asks { .topicJoin(TopicJoin(request: $0, topic: builds)) } == nil)
        try await alice.posts("post", to: builds, epoch: 1)
        alice.receive([try alice.send("direct", to: bob.member)])
        bob.acknowledge(try await bob.pushes(2).map(\.push))
        try await bob.settle()
        let request = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))
        bob.receive(.history(History(request: request, conversation: .dm(bob.member), before: nil, limit: 9)))
        _ = try await bob.sink.take("history_end") { if case .historyEnd(let it) = $0.message { it } else { nil } }
        let items = bob.sink.messages.compactMap { message -> String? in
            if case .historyItem(let item) = message { item.push.clientMessageID.description } else { nil }
        }
        #expect(items == ["direct", "post"])
    }
}
