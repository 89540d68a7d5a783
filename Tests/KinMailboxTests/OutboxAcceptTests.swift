import KinEncoding
import KinMailbox
import KinWire
import Testing

@Suite struct OutboxAcceptTests {
    let files: TestStores
    let store: OutboxStore

    init() throws {
        files = try TestStores()
        store = try files.openOutbox()
    }

    /// Brings the row `a` into a status.
    private func prepare(_ status: OutboxRow.Status) async throws {
        _ = try await store.accept(Sample.request("a"))
        switch status {
        case .pending: break
        case .done:
            store.markRelayed([Ack(clientMessageID: Sample.id("a"), brokerMessageID: 41, duplicate: false)], at: 2000)
        case .dead: store.markDead(Sample.id("a"), reason: "too_large")
        case .aborted: _ = try await store.drop("a")
        }
        await store.flush()
    }

    @Test("a new id is queued on the disk")
    func new() async throws {
        let outcome = try await store.accept(Sample.request("a", expiresAt: 5000))
        guard case .queued(let row, isNew: true) = outcome else {
            Issue.record("a new id is queued as new, not \(outcome)")
            return
        }
        #expect(row.status == .pending && row.seq == 1 && row.line == store.line && row.expiresAt == 5000)
        #expect(try store.row(Sample.id("a")) == row)
        #expect(try store.row(Sample.id("b")) == nil)
        #expect(try store.depth() == (1, 0))
    }

    @Test(
        "the same request again is recognised, whatever became of the first",
        arguments: [
            (OutboxRow.Status.pending, "queued again"), (.done, "finished"), (.dead, "conflict, matches"),
            (.aborted, "conflict, matches"),
        ])
    func sameRequest(_ status: OutboxRow.Status, _ expected: String) async throws {
        try await prepare(status)
        let outcome = try await store.accept(Sample.request("a"))
        #expect(outcome.kind == expected)
        #expect(outcome.row.status == status)
        #expect(outcome.row.brokerMessageID == (status == .done ? 41 : nil))
    }

    @Test(
        "another request under the same id is a conflict, whatever became of the first",
        arguments: [OutboxRow.Status.pending, .done, .dead, .aborted])
    func otherRequest(_ status: OutboxRow.Status) async throws {
        try await prepare(status)
        let outcome = try await store.accept(Sample.request("a", fingerprint: 2, content: .init(body: "another")))
        #expect(outcome.kind == "conflict, differs")
        #expect(outcome.row.status == status)
        #expect(outcome.row.content.body == "body of a")
        #expect(try store.row(Sample.id("a"))?.fingerprint == [UInt8](repeating: 1, count: 32))
    }

    @Test("a refused or repeated request uses up no sequence number")
    func seqHasNoHoles() async throws {
        _ = try await store.accept(Sample.request("a"))
        _ = try await store.accept(Sample.request("a"))
        _ = try await store.accept(Sample.request("a", fingerprint: 2))
        #expect(try await store.accept(Sample.request("b")).row.seq == 2)
    }

    @Test("each destination and priority counts for itself, from 1")
    func seqPerLane() async throws {
        let lanes = [Sample.lane(1), Sample.lane(2), Sample.lane(1, .now), Sample.lane(1, .low)]
        for round in 1...3 {
            for (index, lane) in lanes.enumerated() {
                let row = try await store.accept(Sample.request("\(index)-\(round)", lane)).row
                #expect(row.seq == Int64(round))
                #expect(row.lane == lane)
            }
        }
        #expect(try Set(store.pendingLanes()) == Set(lanes))
    }

    @Test("new rows are told in the order of their sequence numbers, repeats not at all")
    func committedOrder() async throws {
        let told = Log<Int64>()
        let (store, lane) = (store, Sample.lane())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    for part in 0..<8 {
                        let request = Sample.request("\(number)-\(part)", lane)
                        _ = try await store.accept(request) { row in told.add(row.seq) }
                        _ = try await store.accept(request) { row in told.add(row.seq) }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(told.entries == Array(1...512))
        #expect(try store.pending(in: lane, after: 0, limit: 1000).map(\.seq) == Array(1...512))
    }

    @Test("64 callers with the same id: one is new, the others are told of it")
    func oneWinner() async throws {
        let store = store
        let news = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    if case .queued(_, let isNew) = try await store.accept(Sample.request("same")) {
                        isNew
                    } else {
                        true
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(news == 1)
        #expect(try store.depth() == (1, 0))
    }

    @Test("the caller hears of a new row after `committed` did")
    func committedFirst() async throws {
        let told = Log<Int64>()
        _ = try await store.accept(Sample.request("a")) { told.add($0.seq) }
        #expect(told.entries == [1])
    }

    @Test("a closed outbox refuses, saying that the daemon goes down")
    func closed() async throws {
        store.close()
        let error = await #expect(throws: KinError.self) { _ = try await store.accept(Sample.request("a")) }
        #expect(error?.code == "shutting_down" && error?.retryable == true)
    }
}

extension AcceptOutcome {
    fileprivate var kind: String {
        switch self {
        case .queued(_, let isNew): isNew ? "queued" : "queued again"
        case .finished: "finished"
        case .conflict(_, let matches): matches ? "conflict, matches" : "conflict, differs"
        }
    }
}
