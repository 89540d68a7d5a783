import KinBroker
import KinEncoding
import KinWire

extension BrokerStoreContract {
    /// What is read back of a conversation.
    static let history = [
        Case("everything that was sent to a member is read back whole, newest first, whoever sent it") { bench in
            let stored = try await bench.storeConversation()
            let page = try bench.history(of: bench.carol, with: bench.carol)
            try requireEqual(page.messages.map(\.push.brokerMessageID), stored.toCarol.reversed(), "ids")
            try requireEqual(page.before, nil, "what is older")
            let pushed = try Priority.allCases.flatMap { try bench.pending($0) }
            try requireEqual(Set(page.messages), Set(pushed), "messages, as they are pushed")
        },
        Case("a conversation is what both sent each other, and nobody else's") { bench in
            let stored = try await bench.storeConversation()
            let own = try bench.history(of: bench.carol, with: bench.alice)
            try requireEqual(own.messages.map(\.push.brokerMessageID), stored.withAlice.reversed(), "ids")
            let other = try bench.history(of: bench.alice, with: bench.carol)
            try requireEqual(other.messages, own.messages, "the other side's")
            let stranger = ULID(milliseconds: 9, randomness: [UInt8](repeating: 9, count: 10))
            try requireEqual(
                try bench.history(of: stranger, with: bench.alice), HistoryPage(messages: [], before: nil),
                "a third one's")
        },
        Case("of what was sent to who asks only what it has acknowledged is read back; of its own everything") {
            bench in
            let stored = try await bench.storeConversation()
            let through = stored.toCarol[stored.toCarol.count / 2]
            let page = try bench.history(
                of: bench.carol, with: bench.carol, through: Priority.allCases.map { $0 == .low ? 0 : through })
            let acknowledged = page.messages.map(\.push)
            try require(acknowledged.allSatisfy { $0.brokerMessageID <= through && $0.priority != .low }, "\(page)")
            try require(!acknowledged.isEmpty, "some are")
            let own = try bench.history(of: bench.carol, with: bench.alice, through: [])
            try requireEqual(Set(own.messages.map(\.push.sender)), [bench.carol], "senders")
        },
        Case("pages follow each other without loss or repeat, whatever bounds them") { bench in
            let stored = try await bench.storeConversation()
            for (limit, maxBytes, maxRows) in [(4, 1 << 20, 1000), (1000, 7, 1000), (1000, 1 << 20, 5), (1, 1, 1)] {
                for (other, expected) in [(bench.carol, stored.toCarol), (bench.alice, stored.withAlice)] {
                    var (ids, before, pages) = ([Int64](), Int64?.none, 0)
                    repeat {
                        let page = try bench.history(
                            of: bench.carol, with: other, before: before, limit: limit, maxBytes: maxBytes,
                            maxRows: maxRows)
                        try require(page.messages.count <= limit, "the limit holds")
                        try require(
                            page.messages.count <= 1 || page.messages.reduce(0) { $0 + $1.body.count } <= maxBytes,
                            "the bytes hold")
                        if let before, let next = page.before { try require(next < before, "pages fall") }
                        ids += page.messages.map(\.push.brokerMessageID)
                        before = page.before
                        pages += 1
                    } while before != nil && pages < 1000
                    try requireEqual(ids, expected.reversed(), "ids within \((limit, maxBytes, maxRows))")
                    try require(pages > 1, "there were pages")
                }
            }
        },
        Case("what has no body any more is left out, and costs a look all the same") { bench in
            try await bench.storeAll((0..<9).map { try bench.submission("m\($0)") })
            bench.store.put([], replacing: [], droppingQueuesOf: [bench.carol], in: bench.mesh)
            await bench.flush()
            let kept = try await bench.storeAll([bench.submission("kept")])
            let all = try bench.history(of: bench.carol, with: bench.carol)
            try requireEqual(all.messages.map(\.push.brokerMessageID), kept, "ids")
            let short = try bench.history(of: bench.carol, with: bench.carol, before: kept[0], maxRows: 4)
            try requireEqual(short.messages, [], "messages of a page without one")
            try requireEqual(short.before, kept[0] - 4, "where it goes on")
        },
        Case("messages of one mesh are never read back in another") { bench in
            try await bench.storeAll([bench.submission("m")])
            let wallet = try WalletAddress(bytes: [UInt8](repeating: 8, count: 32)).orThrow("wallet")
            let other = try await bench.store.createMesh(.home(of: wallet), now: StoreBench.now)
            try requireEqual(
                try bench.history(of: bench.carol, with: bench.carol, in: other),
                HistoryPage(messages: [], before: nil), "the other mesh's")
        },
    ]
}

extension StoreBench {
    /// Alice and Bob write to Carol, Carol to them, and they to each other, in every priority.
    /// - Returns: the ids of what Carol got, and of what she and Alice wrote each other.
    fileprivate func storeConversation() async throws -> (toCarol: [Int64], withAlice: [Int64]) {
        var (toCarol, withAlice) = ([Int64](), [Int64]())
        for turn in 0..<36 {
            let (from, to) = [(alice, carol), (bob, carol), (carol, alice), (carol, bob), (alice, bob)][turn % 5]
            let id = try await storeAll(
                [submission("m\(turn)", to: to, priority: Priority.allCases[turn % 3], seq: Int64(turn) + 1)],
                from: from)[0]
            if to == carol { toCarol.append(id) }
            if Set([from, to]) == [alice, carol] { withAlice.append(id) }
        }
        return (toCarol, withAlice)
    }

    fileprivate func history(
        of member: ULID, with other: ULID, in mesh: MeshKey? = nil, before: Int64? = nil,
        through: [Int64] = [.max, .max, .max], limit: Int = 1000, maxBytes: Int = 1 << 20, maxRows: Int = 10_000
    ) throws -> HistoryPage {
        try store.history(
            HistoryQuery(
                member: member, other == member ? .everything([]) : .with(other), before: before, through: through,
                limit: limit, maxBytes: maxBytes,
                maxRows: maxRows), in: mesh ?? self.mesh)
    }
}
