import KinBroker
import KinWire

extension BrokerStoreContract {
    /// The table "Acceptance of a send" of docs/protocol/mesh.md.
    static let acceptance = [
        Case("sends are stored under rising ids") { bench in
            let batch = try (1...5).map { try bench.submission("m\($0)", seq: Int64($0)) }
            let ids = try await bench.storeAll(batch)
            try requireEqual(ids, ids.sorted(), "ids")
            try requireEqual(Set(ids).count, 5, "distinct ids")
            try require(ids.allSatisfy { $0 > 0 }, "ids are positive")
        },
        Case("a known id with the same request is a duplicate: first id, first time, nothing stored") { bench in
            let ids = try await bench.storeAll([bench.submission("m")])
            let again = try await bench.accept([bench.submission("m", seq: 9)], now: StoreBench.now + 5_000)
            try requireEqual(again, [.duplicate(id: ids[0], firstSeenAt: StoreBench.now)], "the answer")
            try requireEqual(try bench.pending().count, 1, "messages stored")
        },
        Case("a known id with another request is refused with the stored fingerprint's first 8 bytes") { bench in
            try await bench.storeAll([bench.submission("m", fingerprint: 7)])
            let answer = try await bench.accept([bench.submission("m", fingerprint: 8, body: [9])])
            let stored = [UInt8](repeating: 7, count: 8)
            try requireEqual(
                answer,
                [.refused(Refusal("idempotency_key_reused", retryable: false, storedFingerprint: stored))],
                "the answer")
            try requireEqual(try bench.pending().map(\.body), [[1, 2, 3]], "what is stored")
        },
        Case("an id sent twice in one batch is stored once") { bench in
            let answers = try await bench.accept([bench.submission("m"), bench.submission("m")])
            guard case .stored(let id) = answers.first else { throw ContractViolation(description: "\(answers)") }
            try requireEqual(answers[1], .duplicate(id: id, firstSeenAt: StoreBench.now), "the second answer")
        },
        Case("ids are a sender's own: another sender's, and another mesh's, are new") { bench in
            try await bench.storeAll([bench.submission("m"), bench.submission("n")], from: bench.bob)
            try await bench.storeAll([bench.submission("m")], from: bench.alice)
            try await bench.storeAll([bench.submission("n")], from: bench.carol)
            let wallet = try WalletAddress(bytes: [UInt8](repeating: 5, count: 32)).orThrow("wallet")
            let other = try await bench.store.createMesh(.home(of: wallet), now: StoreBench.now)
            let answers = try await bench.accept([bench.submission("m")], in: other)
            guard case .stored = answers.first else { throw ContractViolation(description: "\(answers)") }
            try requireEqual(try bench.pending().count, 4, "messages of the first mesh")
            try requireEqual(try bench.pending(in: other).count, 1, "messages of the second mesh")
        },
        Case("ids are compared to the letter") { bench in
            try await bench.storeAll([bench.submission("m"), bench.submission("M"), bench.submission("m:")])
        },
        Case("a refused send leaves no trace, not even its id") { bench in
            let refused = try await bench.accept([bench.submission("m")]) { _ in .unknownMember }
            try requireEqual(refused, [.refused(.unknownMember)], "the answer")
            try await bench.storeAll([bench.submission("m", fingerprint: 2)])
            try requireEqual(try bench.pending().count, 1, "messages stored")
        },
        Case("a refusal in a batch concerns that send alone") { bench in
            let batch = try (1...3).map { try bench.submission("m\($0)", seq: Int64($0)) }
            let answers = await bench.accept(batch) { $0.send.seq == 2 ? .expired : nil }
            try requireEqual(answers.count, 3, "answers")
            try requireEqual(answers[1], .refused(.expired), "the second answer")
            try requireEqual(try bench.pending().map(\.push.seq), [1, 3], "what is stored")
        },
        Case("a batch that cannot be stored is refused whole, to be sent again") { bench in
            let nowhere = MeshKey(rowID: 987_654_321)
            let batch = [try bench.submission("m1"), try bench.submission("m2")]
            let answers = await bench.accept(batch, in: nowhere)
            try requireEqual(answers.count, 2, "answers")
            for answer in answers {
                guard case .refused(let refusal) = answer, refusal.retryable else {
                    throw ContractViolation(description: "stored in a mesh that is not there: \(answer)")
                }
            }
            try await bench.storeAll([bench.submission("m1")])
        },
        Case("an empty batch is answered with nothing") { bench in
            try requireEqual(await bench.accept([]), [], "answers")
        },
    ]

    /// When the broker is asked whether a send may be taken.
    static let admission = [
        Case("admission is asked for unknown ids alone, in their order") { bench in
            try await bench.storeAll([bench.submission("known")])
            let asked = Journal<String>()
            let names = ["a", "known", "b", "a", "c"]
            let batch = try names.map { try bench.submission($0) }
            _ = await bench.accept(batch) {
                asked.add($0.send.clientMessageID.description)
                return nil
            }
            try requireEqual(asked.entries, ["a", "b", "c"], "asked for")
        },
        Case("of a known id is told in its turn, between what admission is asked for") { bench in
            try await bench.storeAll([bench.submission("known")])
            let told = Journal<String>()
            let batch = try ["a", "known", "b", "a"].map { try bench.submission($0) }
            _ = await bench.accept(batch) {
                told.add("new \($0.send.clientMessageID)")
                return nil
            } known: {
                told.add("known \($0.send.clientMessageID)")
            }
            try requireEqual(told.entries, ["new a", "known known", "new b", "known a"], "told")
        },
        Case("a known id is answered whatever admission would say") { bench in
            try await bench.storeAll([bench.submission("m")])
            let answers = try await bench.accept([bench.submission("m")]) { _ in .outOfOrder }
            guard case .duplicate = answers.first else { throw ContractViolation(description: "\(answers)") }
        },
        Case("batches are admitted, committed and answered in the order of the calls") { bench in
            let asked = Journal<Int>()
            let answered = Journal<Int>()
            for turn in 0..<200 {
                let submission = try bench.submission("m\(turn)", seq: Int64(turn) + 1)
                bench.store.accept(
                    [submission], from: bench.alice, in: bench.mesh, wary: bench.isWary, now: StoreBench.now
                ) { _ in
                    asked.add(turn)
                    return nil
                } completion: { _ in
                    answered.add(turn)
                }
            }
            await bench.flush()
            try requireEqual(asked.entries, Array(0..<200), "asked")
            try requireEqual(answered.entries, Array(0..<200), "answered")
            try requireEqual(try bench.pending().map(\.push.seq), (1...200).map { Int64($0) }, "stored")
        },
        Case("an answer comes after the commit: whoever has it finds the message") { bench in
            for turn in 0..<50 {
                let submission = try bench.submission("m\(turn)")
                let found = await withCheckedContinuation { (continuation: CheckedContinuation<Int, Never>) in
                    bench.store.accept(
                        [submission], from: bench.alice, in: bench.mesh, wary: bench.isWary, now: StoreBench.now
                    ) { _ in
                        nil
                    } completion: { _ in
                        continuation.resume(returning: (try? bench.pending().count) ?? -1)
                    }
                }
                try requireEqual(found, turn + 1, "messages found on the answer")
            }
        },
        Case("a batch is seen whole or not at all") { bench in
            let batch = try (0..<300).map { try bench.submission("m\($0)", seq: Int64($0) + 1) }
            let done = Journal<Bool>()
            bench.store.accept(batch, from: bench.alice, in: bench.mesh, wary: bench.isWary, now: StoreBench.now) { _ in
                nil
            } completion: { _ in
                done.add(true)
            }
            var seen: Set<Int> = []
            while done.entries.isEmpty {
                seen.insert(try bench.pending().count)
                await Task.yield()
            }
            seen.insert(try bench.pending().count)
            try require(seen.isSubset(of: [0, 300]), "a reader saw a part of a batch: \(seen)")
            try require(seen.contains(300), "the batch is there after its answer")
        },
    ]
}
