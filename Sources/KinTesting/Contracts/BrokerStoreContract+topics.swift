import KinBroker
import KinEncoding
import KinWire

extension BrokerStoreContract {
    private static let alerts = TopicName.everybody

    private static let builds = TopicName("builds")

    static let topics: [Case] = [
        Case("topics and who is in them are there after a restart; who left is not") { bench in
            let builds = try builds.orThrow("a name")
            let made = TopicChange(
                name: builds, proof: nil, minEpoch: 0, joining: [bench.alice: 0, bench.carol: 7])
            try require(await bench.change(made), "a topic is stored")
            try require(
                await bench.change(TopicChange(name: builds, proof: nil, minEpoch: 3, leaving: [bench.alice])),
                "a change is stored")
            // An older number does not take a newer one back.
            _ = await bench.change(TopicChange(name: builds, proof: nil, minEpoch: 2))
            try bench.reopen()
            let stored = try bench.store.loadMeshes().first.orThrow("the mesh").topics
            try requireEqual(stored, [StoredTopic(name: builds, minEpoch: 3, members: [bench.carol: 7])], "the topic")
        },
        Case("a private topic keeps its newest list") { bench in
            let builds = try builds.orThrow("a name")
            let lists = try (1...2).map { try bench.topicProof(builds, seq: $0) }
            for proof in lists { _ = await bench.change(TopicChange(name: builds, proof: proof, minEpoch: 0)) }
            try bench.reopen()
            let stored = try bench.store.loadMeshes().first.orThrow("the mesh").topics
            try requireEqual(stored.map(\.proof), [lists[1]], "the list")
        },
        Case("posts are among a member's deliveries in the order of their ids, and carry their epoch") { bench in
            let builds = try builds.orThrow("a name")
            var ids: [Int64] = []
            for turn in 0..<6 {
                let message =
                    switch turn % 3 {
                    case 0: try bench.submission("m\(turn)", seq: Int64(turn) + 1)
                    case 1: try bench.post("m\(turn)", to: builds, epoch: Int64(turn), seq: Int64(turn) + 1)
                    default: try bench.post("m\(turn)", to: alerts, seq: Int64(turn) + 1)
                    }
                ids += try await bench.storeAll([message])
            }
            let both = [Subscription(topic: builds, since: 0), Subscription(topic: alerts, since: 0)]
            let all = try bench.pending(topics: both)
            try requireEqual(all.map(\.push.brokerMessageID), ids, "everything, in order")
            try requireEqual(all[4].push.epoch, Epoch(counter: 4, minter: bench.alice), "a post's epoch")
            try requireEqual(all[4].push.destination, .topic(builds), "a post's destination")
            try requireEqual(all[3].push.epoch, nil, "the epoch of a message")
            try requireEqual(
                try bench.pending(after: ids[1], topics: both, limit: 3).map(\.push.brokerMessageID), Array(ids[2...4]),
                "a part of it")
            try requireEqual(
                try bench.pending(topics: [Subscription(topic: builds, since: ids[1])]).map(\.push.brokerMessageID),
                [ids[0], ids[3], ids[4]], "of one who joined after the first post, and one topic alone")
            try requireEqual(
                try bench.pending(for: bench.alice, topics: both).count, 0, "a sender's own posts")
            try requireEqual(try bench.pending(.now, topics: both).count, 0, "posts of another priority")
        },
        Case("a page of deliveries ends at its bytes, whichever topic they are of") { bench in
            let builds = try builds.orThrow("a name")
            for turn in 0..<4 {
                let body = [UInt8](repeating: 1, count: 400)
                _ = try await bench.storeAll([
                    turn % 2 == 0
                        ? try bench.submission("m\(turn)", seq: Int64(turn) + 1, body: body)
                        : try bench.post("m\(turn)", to: builds, seq: Int64(turn) + 1, body: body)
                ])
            }
            let topics = [Subscription(topic: builds, since: 0)]
            try requireEqual(try bench.pending(topics: topics, maxBytes: 1000).count, 2, "two of 400 bytes each")
            try requireEqual(try bench.pending(topics: topics, maxBytes: 1).count, 1, "one in any case")
        },
        Case("the highest epoch of a topic's posts is known after a restart, and where its last posts are") { bench in
            let builds = try builds.orThrow("a name")
            _ = await bench.change(TopicChange(name: builds, proof: nil, minEpoch: 0, joining: [bench.carol: 0]))
            let id = try await bench.storeAll([
                try bench.post("one", to: builds, epoch: 5), try bench.post("two", to: builds, epoch: 4, seq: 2),
            ])[1]
            try bench.reopen()
            let stored = try bench.store.loadMeshes().first.orThrow("the mesh").topics.first.orThrow("the topic")
            try requireEqual(stored.epoch, 5, "the epoch")
            try requireEqual(stored.last, [0, id, 0], "the last posts")
        },
        Case("a topic that is over is not there after a restart, and its name begins anew") { bench in
            let builds = try builds.orThrow("a name")
            let proof = try bench.topicProof(builds, seq: 4)
            _ = await bench.change(TopicChange(name: builds, proof: proof, minEpoch: 3, joining: [bench.carol: 0]))
            var last = TopicChange(name: builds, proof: proof, minEpoch: 4, leaving: [bench.carol])
            last.isOver = true
            try require(await bench.change(last), "its end is stored")
            try bench.reopen()
            try requireEqual(try bench.store.loadMeshes().first.orThrow("the mesh").topics, [], "the topics")
            _ = await bench.change(TopicChange(name: builds, proof: nil, minEpoch: 0, joining: [bench.bob: 1]))
            try bench.reopen()
            try requireEqual(
                try bench.store.loadMeshes().first.orThrow("the mesh").topics,
                [StoredTopic(name: builds, members: [bench.bob: 1])], "the new one")
        },
        Case("deliveries that begin again do so after a restart too, and go on from there") { bench in
            let ids = try await bench.storeAll(try (1...4).map { try bench.submission("m\($0)", seq: Int64($0)) })
            bench.store.advance(bench.carol, in: bench.mesh) { [0, ids[3], 0] }
            var change = TopicChange(
                name: try builds.orThrow("a name"), proof: nil, minEpoch: 0, joining: [bench.carol: ids[0]])
            change.rewinding = Rewinding(member: bench.carol, to: ids[0])
            _ = await bench.change(change)
            try bench.reopen()
            try requireEqual(try bench.store.positions(of: bench.carol, in: bench.mesh)[1], ids[0], "the position")
            bench.store.advance(bench.carol, in: bench.mesh) { [0, ids[2], 0] }
            try bench.reopen()
            try requireEqual(try bench.store.positions(of: bench.carol, in: bench.mesh)[1], ids[2], "the next")
        },
        Case("what was stored before a time is found by it") { bench in
            try requireEqual(try bench.store.lastMessageID(before: .max), 0, "of nothing")
            var ids: [Int64] = []
            for turn in 1...40 as ClosedRange<Int64> {
                // Three at each time.
                let taken = await bench.accept(
                    [try bench.submission("m\(turn)", seq: turn)], now: StoreBench.now + turn / 3 * 1000)
                guard case .stored(let id)? = taken.first else { throw ContractViolation(description: "not stored") }
                ids.append(id)
            }
            for time in 0...14 as ClosedRange<Int64> {
                let expected = zip(ids, 1...).filter { Int64($0.1 / 3) < time }.map(\.0).max() ?? 0
                let found = try bench.store.lastMessageID(before: StoreBench.now + time * 1000)
                try requireEqual(found, expected, "before second \(time)")
            }
        },
        Case("what others posted is told again, from where a member joined, newest first") { bench in
            let builds = try builds.orThrow("a name")
            let ids = try await bench.storeAll(
                try (1...5).map { try bench.post("m\($0)", to: builds, seq: Int64($0)) })
            let own = try await bench.storeAll([try bench.post("own", to: builds)], from: bench.carol)
            let query = HistoryQuery(
                member: bench.carol, .topic(Subscription(topic: builds, since: ids[1])), before: nil,
                through: [.max, own[0], .max], limit: 10)
            let page = try bench.store.history(query, in: bench.mesh)
            try requireEqual(page.messages.map(\.push.brokerMessageID), ids[2...].reversed(), "posts of others")
            let direct = try await bench.storeAll([try bench.submission("direct", seq: 6)])
            var everything = query
            everything.conversation = .everything([Subscription(topic: builds, since: ids[1])])
            everything.through = [.max, .max, .max]
            try requireEqual(
                try bench.store.history(everything, in: bench.mesh).messages.map(\.push.brokerMessageID),
                direct + ids[2...].reversed(), "with what was sent directly")
        },
    ]
}
