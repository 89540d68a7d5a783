import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@testable import KinBroker

/// What members ask about topics, and what posts become.
@Suite struct TopicTests {
    let bench: BrokerBench
    let alice: TestDaemon
    let bob: TestDaemon
    let builds: TopicName

    init() async throws {
        (bench, alice, bob, builds) = try await BrokerBench.withTwo()
    }

    @Test("every member is in all from the beginning, and hears of it after the list of members")
    func everybody() async throws {
        let carol = try await bench.join()
        let told = try await carol.hearsTopics()
        #expect(told.map(\.topic) == [.everybody] && told[0].joined && told[0].minEpoch == 0)
        try await alice.posts("hi", to: .everybody, epoch: 1)
        for daemon in [bob, carol] { #expect(try await daemon.push().id == "hi") }
        #expect(try await carol.leaves(.everybody) == "topic_everybody")
    }

    @Test(
        "a topic is made, seen by all, joined and posted to; its posts go to those in it alone, and not to their sender"
    )
    func posting() async throws {
        #expect(try await alice.creates(builds) == nil)
        #expect(try await alice.topic(builds).joined)
        #expect(try await bob.topic(builds).joined == false)
        #expect(try await alice.creates(builds) == "topic_exists")
        #expect(try await bob.postsInVain("x", to: builds, epoch: 1).code == "unknown_topic")
        #expect(try await bob.joins(builds) == nil)
        #expect(try await bob.topic(builds).joined)
        let carol = try await bench.join()
        try await alice.posts("one", to: builds, epoch: 1)
        let push = try await bob.push()
        #expect(push.id == "one" && push.push.epoch?.counter == 1 && push.push.destination == .topic(builds))
        // What came later has come; what came before would have.
        try await alice.posts("two", to: .everybody, epoch: 1)
        #expect(try await carol.push().id == "two")
        try await bob.posts("three", to: builds, epoch: 1, seq: 2)
        #expect(try await alice.push().id == "three")
    }

    @Test("who is away gets what was posted meanwhile, in the order of all deliveries")
    func away() async throws {
        try await bothIn()
        bob.session.closed()
        try await alice.posts("one", to: builds, epoch: 1)
        alice.receive([try alice.send("two", to: bob.member)])
        try await alice.posts("three", to: builds, epoch: 1, seq: 2)
        try await alice.posts("four", to: .everybody, epoch: 1)
        let back = try await bench.join(bob.device)
        #expect(try await back.pushes(4).map(\.id) == ["one", "two", "three", "four"])
    }

    @Test("after a restart of the server the same holds: topics, members, epochs and what waits")
    func restart() async throws {
        try await bothIn()
        try await alice.posts("one", to: builds, epoch: 1)
        _ = try await bob.push()
        let again = try bench.restarted()
        let back = try await again.join(bob.device)
        let told = try await back.hearsTopics()
        #expect(told.map(\.topic) == [.everybody, builds] && told.allSatisfy(\.joined) && told[1].epoch == 1)
        #expect(try await back.push().id == "one")
    }

    @Test("once somebody leaves no post of the epoch that he has is taken, and everybody hears which is the next")
    func leaving() async throws {
        try await bothIn()
        try await alice.posts("one", to: builds, epoch: 1)
        _ = try await bob.push()
        #expect(try await bob.leaves(builds) == nil)
        #expect(try await alice.topic(builds).minEpoch == 2)
        let nack = try await alice.postsInVain("two", to: builds, epoch: 1, seq: 2)
        #expect(nack.code == "epoch_stale" && nack.retryable)
        try await alice.posts("two", to: builds, epoch: 2, seq: 2)
        try await alice.posts("three", to: .everybody, epoch: 1)
        #expect(try await bob.push().id == "three")
    }

    @Test("a second one who leaves before anybody posted raises it again: he may have had the new key")
    func leavingTwice() async throws {
        try await bothIn()
        let carol = try await bench.join()
        #expect(try await carol.joins(builds) == nil)
        try await alice.posts("one", to: builds, epoch: 1)
        for (daemon, expected) in [(bob, 2), (carol, 3)] as [(TestDaemon, Int64)] {
            #expect(try await daemon.leaves(builds) == nil)
            #expect(try await alice.topic(builds).minEpoch == expected)
        }
    }

    @Test("a revoked member leaves every topic, and all of them want new keys")
    func revoked() async throws {
        try await bothIn()
        try await alice.posts("one", to: builds, epoch: 1)
        let proof = try await bench.family.revocationByWallet(of: bob.member)
        alice.receive(.revocations(Revocations(entries: [proof])))
        #expect(try await alice.topic(builds).minEpoch == 2)
        let members = try await alice.members(of: builds)
        #expect(members == [alice.member])
        #expect(try await alice.postsInVain("two", to: builds, epoch: 1, seq: 2).code == "epoch_stale")
        // Nobody has posted to all, so nobody has a key of it.
        #expect(bench.broker.knownHub(bench.family.mesh)?.state.withLock { $0.topics[.everybody]?.minEpoch } == 0)
    }

    @Test(
        "a new key is announced before it is used: counters rise in small steps, and older ones are not taken any more")
    func rekeying() async throws {
        try await bothIn()
        let far = TopicRights.maxAhead + 1
        #expect(
            try await bob.rekeys(builds, far) == "epoch_ahead")
        #expect(try await bob.rekeys(builds, 1) == nil)
        #expect(try await alice.topic(builds).minEpoch == 1)
        // Another minted at the same time.
        #expect(try await alice.rekeys(builds, 1) == nil)
        #expect(try await alice.postsInVain("x", to: builds, epoch: far + 1).code == "epoch_ahead")
        #expect(try await alice.postsInVain("y", to: builds, epoch: nil, seq: 2).code == "epoch_missing")
    }

    @Test(
        "a private topic is seen by those its list names; who is taken off it is told that it is gone, and reads nothing more"
    )
    func privateTopic() async throws {
        let carol = try await bench.join()
        let first = try alice.topicProof(builds, [alice, bob])
        #expect(
            try await alice.creates(builds, proof: first) == nil)
        #expect(try await bob.topic(builds).proof == first)
        #expect(try await bob.joins(builds) == nil)
        #expect(try await carol.joins(builds) == "unknown_topic")
        #expect(try await carol.asks(members: builds) == "unknown_topic")
        let told = carol.sink.messages.map { "\($0)" }
        #expect(told.allSatisfy { !$0.contains("builds") })
        let second = try alice.topicProof(builds, [alice, carol], after: first)
        #expect(try await alice.sets(second) == nil)
        let gone = try await bob.sink.take("topic_gone") { if case .topicGone(let it) = $0.message { it } else { nil } }
        #expect(gone.topic == builds)
        #expect(try await alice.topic(builds).minEpoch == 0, "no key was minted")
        try await alice.posts("one", to: builds, epoch: 1)
        try await alice.posts("two", to: .everybody, epoch: 1)
        #expect(try await bob.push().id == "two")
        #expect(try await bob.postsInVain("x", to: builds, epoch: 1).code == "unknown_topic")
        #expect(try await alice.sets(first) == "topic_outdated")
    }

    @Test("a list is taken from whoever made the topic, or from an owner, and from nobody else")
    func lists() async throws {
        let machine = try await bench.join(try bench.family.device(issuedBy: alice.device, role: .machine))
        let first = try machine.topicProof(builds, [alice, machine])
        #expect(
            try await machine.creates(builds, proof: first) == nil)
        let other = try await bench.join(try bench.family.device(issuedBy: alice.device, role: .machine))
        var forged = try other.topicProof(builds, [other], after: first)
        #expect(try await other.sets(forged) == "topic_invalid")
        // Signed rightly, by one who claims to have made it.
        forged.list.creator = other.member
        forged.list = forged.list.signed(by: other.device.keys.signing)
        #expect(try await other.sets(forged) == "unknown_topic")
        #expect(try await alice.sets(forged) == "topic_invalid")
        let byOwner = try alice.topicProof(builds, [alice], after: first)
        #expect(try await alice.sets(byOwner) == nil)
    }

    @Test("a guest is in no topic but those that its certificate names")
    func guests() async throws {
        let guest = try await bench.join(try bench.family.device(issuedBy: alice.device, role: .guest))
        #expect(try await guest.hearsTopics().isEmpty)
        #expect(try await guest.creates(builds) == "topic_not_allowed")
        #expect(try await alice.creates(builds) == nil)
        #expect(try await guest.joins(builds) == "unknown_topic")
        #expect(try await guest.postsInVain("x", to: .everybody, epoch: 1).code == "unknown_topic")
    }

    @Test("the members of a large topic are told in pages")
    func pages() async throws {
        let hub = try bench.broker.knownHub(bench.family.mesh).orThrow("the hub")
        hub.state.withLock { state in
            let many = (0..<600).map {
                (
                    ULID(
                        milliseconds: 5, randomness: [UInt8](repeating: UInt8($0 % 256), count: 9) + [UInt8($0 / 256)]),
                    Int64(0)
                )
            }
            state.topics.apply(
                TopicChange(
                    name: builds, proof: nil, minEpoch: 0, joining: Dictionary(uniqueKeysWithValues: many)))
        }
        let members = try await alice.members(of: builds)
        #expect(members.count == 600 && members.map(\.description) == members.map(\.description).sorted())
    }

    /// A topic that both are in.
    private func bothIn() async throws {
        #expect(try await alice.creates(builds) == nil)
        #expect(try await bob.joins(builds) == nil)
        while try await bob.topic(builds).joined == false {}
        _ = try await alice.topic(builds)
    }
}
