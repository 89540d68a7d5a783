import KinBroker
import KinWire

extension BrokerStoreContract {
    /// What a recipient is handed.
    static let reading = [
        Case("a message is read back as it was sent") { bench in
            let body = [UInt8](0...255)
            let ids = try await bench.storeAll([
                bench.submission("m", priority: .now, seq: 1 << 53 - 1, body: body, expiresAt: StoreBench.now + 9)
            ])
            let expected = StoredMessage(
                push: Push(
                    brokerMessageID: ids[0], clientMessageID: try ClientMessageID("m").orThrow("id"),
                    sender: bench.alice, line: [1, 2, 3, 4, 5, 6, 7, 8], seq: 1 << 53 - 1,
                    destination: .dm(bench.carol), priority: .now, sentAt: StoreBench.now),
                expiresAt: StoreBench.now + 9, body: body)
            try requireEqual(try bench.pending(.now), [expected], "pending")
        },
        Case("each recipient and priority has a log of its own, in the order of ids") { bench in
            var stored: [Priority: [Int64]] = [:]
            for turn in 0..<30 {
                let priority = Priority.allCases[turn % 3]
                let sender = turn.isMultiple(of: 2) ? bench.alice : bench.bob
                stored[priority, default: []] += try await bench.storeAll(
                    [bench.submission("m\(turn)", priority: priority)], from: sender)
                try await bench.storeAll([bench.submission("other\(turn)", to: bench.bob)], from: sender)
            }
            for priority in Priority.allCases {
                let ids = try bench.pending(priority).map(\.push.brokerMessageID)
                try requireEqual(ids, stored[priority] ?? [], "ids of \(priority)")
            }
            try requireEqual(try bench.pending(for: bench.bob).count, 30, "the other recipient's messages")
            try requireEqual(try bench.pending(for: bench.alice).count, 0, "messages of one who was sent none")
        },
        Case("only what comes after a position is read, and no more than the limit") { bench in
            let ids = try await bench.storeAll((0..<20).map { try bench.submission("m\($0)") })
            try requireEqual(
                try bench.pending(after: ids[4]).map(\.push.brokerMessageID), Array(ids[5...]), "after the fifth")
            try requireEqual(
                try bench.pending(after: ids[4] - 1, limit: 3).map(\.push.brokerMessageID), Array(ids[4...6]),
                "three after the fourth")
            try requireEqual(try bench.pending(after: ids[19]).count, 0, "after the last")
        },
        Case("bytes are bounded, but one message is always read") { bench in
            let body = [UInt8](repeating: 1, count: 1_000)
            try await bench.storeAll((0..<5).map { try bench.submission("m\($0)", body: body) })
            let counts = try [1, 999, 1_000, 1_999, 2_000, 3_500, 100_000].map {
                try bench.pending(maxBytes: $0).count
            }
            try requireEqual(counts, [1, 1, 1, 1, 2, 3, 5], "messages read within the bytes")
        },
        Case("messages of one mesh are never read in another") { bench in
            try await bench.storeAll([bench.submission("m")])
            let wallet = try WalletAddress(bytes: [UInt8](repeating: 6, count: 32)).orThrow("wallet")
            let other = try await bench.store.createMesh(.home(of: wallet), now: StoreBench.now)
            try requireEqual(try bench.pending(in: other).count, 0, "messages in the other mesh")
        },
    ]

    /// How far a recipient has acknowledged.
    static let positions = [
        Case("positions begin at zero, one for each priority") { bench in
            try requireEqual(try bench.store.positions(of: bench.carol, in: bench.mesh), [0, 0, 0], "positions")
        },
        Case("positions are kept for each priority and member") { bench in
            await bench.advance(to: [3, 5, 7])
            await bench.advance(to: [1, 0, 2], for: bench.bob)
            try requireEqual(try bench.store.positions(of: bench.carol, in: bench.mesh), [3, 5, 7], "positions")
            try requireEqual(try bench.store.positions(of: bench.bob, in: bench.mesh), [1, 0, 2], "another's")
        },
        Case("a position never moves back") { bench in
            await bench.advance(to: [5, 5, 5])
            await bench.advance(to: [4, 6, 0])
            try requireEqual(try bench.store.positions(of: bench.carol, in: bench.mesh), [5, 6, 5], "positions")
        },
        Case("positions that are not known any more change nothing") { bench in
            await bench.advance(to: [5, 5, 5])
            await bench.advance(to: [])
            try requireEqual(try bench.store.positions(of: bench.carol, in: bench.mesh), [5, 5, 5], "positions")
        },
    ]
}
