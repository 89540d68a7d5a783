import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinMailbox

/// A fresh inbox that is filled again.
@Suite struct InboxRefillTests {
    let files: TestStores
    private static let now: Int64 = 1_795_255_392_000
    private static let brokers = [UInt8](repeating: 3, count: 16)

    init() throws { files = try TestStores() }

    /// A fresh inbox in the place of one that was emptied.
    private func open(isIndexed: Bool = false) throws -> InboxStore {
        try files.empty(files.inbox)
        return try InboxStore.open(path: files.inbox, isIndexed: isIndexed, now: Self.now).store
    }

    private func page(_ ids: ClosedRange<Int>, before: Int64?, refused: Int = 0) -> RefillPage {
        RefillPage(
            messages: ids.reversed().map { .sample("m\($0)", body: "body \($0)", at: Int64($0) * 100) },
            refused: refused, store: Self.brokers, before: before)
    }

    private func ids(_ store: InboxStore, after: Int64 = InboxQuery.beginning) throws -> [String] {
        try store.page(InboxQuery(after: after, limit: 100, maxBytes: 1 << 20)).rows.map(\.clientMessageID.description)
    }

    @Test("pages come newest first, and stand before what arrives, in the order in which they were sent")
    func order() async throws {
        let store = try open()
        _ = try await store.receive([.sample("live1")])
        #expect(try await store.refill(page(7...9, before: 70)) == 3)
        _ = try await store.receive([.sample("live2")])
        #expect(try await store.refill(page(4...6, before: 40, refused: 2)) == 3)
        #expect(try await store.refill(page(1...3, before: 10)) == 3)
        let all = (1...9).map { "m\($0)" } + ["live1", "live2"]
        #expect(try ids(store) == all)
        let rows = try store.page(InboxQuery(limit: 100, maxBytes: 1 << 20)).rows
        #expect(rows.prefix(9).map(\.id) == (-8...0).map { $0 })
        #expect(try ids(store, after: 0) == ["live1", "live2"], "nothing refilled is new to one who reads on")
        #expect(try ids(store, after: -2) == ["m8", "m9", "live1", "live2"])
        #expect(
            try store.refillMark() == RefillMark(store: Self.brokers, before: 10, refilled: 9, refused: 2))
        store.close()
    }

    @Test("what came live is not there twice, and what was deleted does not come back")
    func known() async throws {
        let store = try open()
        _ = try await store.receive([.sample("m2", at: 100), .sample("m3", at: Self.now)])
        _ = try await store.keep(days: 1, now: Self.now)
        #expect(try await store.refill(page(1...4, before: 10)) == 2)
        #expect(try ids(store) == ["m1", "m4", "m3"])
        let live = try await store.receive([.sample("m1"), .sample("m5")])
        #expect(live.map { $0 == nil } == [true, false], "a repeat of what was refilled is no news")
        store.close()
    }

    @Test("no receipt is due, until it is read or sent again")
    func receipts() async throws {
        let store = try open()
        _ = try await store.refill(page(1...3, before: 10))
        #expect(try store.due() == [])
        #expect(try await store.markRead([-2, 0, 5], at: 9) == [-2, 0])
        let read = DueReceipt(sender: Sample.member(1), kind: .read, ids: [Sample.id("m1"), Sample.id("m3")])
        #expect(try store.due() == [read])
        store.clear(read)
        _ = try await store.receive([.sample("m2")])
        #expect(try store.due() == [DueReceipt(sender: Sample.member(1), kind: .delivered, ids: [Sample.id("m2")])])
        store.close()
    }

    @Test("how far it came is kept with the rows, and forgotten with the last page")
    func mark() async throws {
        var store = try open()
        _ = try await store.refill(page(7...9, before: 70))
        store.close()
        store = try InboxStore(path: files.inbox)
        #expect(try store.refillMark()?.before == 70)
        _ = try await store.refill(page(4...6, before: nil))
        #expect(try store.refillMark() == nil)
        #expect(try ids(store) == (4...9).map { "m\($0)" })
        #expect(try await store.refill(page(1...3, before: nil)) == 0, "it is over")
        #expect(try ids(store) == (4...9).map { "m\($0)" })
        store.close()
    }

    @Test("given up, what is there stays")
    func ended() async throws {
        let store = try open()
        _ = try await store.refill(page(7...9, before: 70))
        store.endRefill()
        _ = try await store.receive([.sample("live")])
        #expect(try store.refillMark() == nil)
        #expect(try ids(store) == ["m7", "m8", "m9", "live"])
        store.close()
    }

    @Test("a page that cannot be stored leaves neither rows nor mark")
    func together() async throws {
        let store = try open()
        _ = try await store.refill(page(7...9, before: 70))
        try files.write(
            files.inbox,
            "CREATE TRIGGER no BEFORE UPDATE ON refill BEGIN SELECT RAISE(ABORT, 'no'); END")
        await #expect(throws: KinError.self) { try await store.refill(page(4...6, before: 40)) }
        #expect(try store.refillMark()?.before == 70 && ids(store) == ["m7", "m8", "m9"])
        try files.write(files.inbox, "DROP TRIGGER no")
        _ = try await store.refill(page(4...6, before: 40))
        #expect(try ids(store) == (4...9).map { "m\($0)" })
        store.close()
    }

    @Test("it is found by its words, and told in the conversation by its time")
    func readers() async throws {
        let store = try open(isIndexed: true)
        _ = try await store.receive([.sample("live", body: "body too", at: 950)])
        _ = try await store.refill(page(7...9, before: 70))
        let found = try store.page(InboxQuery(words: SearchWords("body"), limit: 10, maxBytes: 1 << 20)).rows
        #expect(found.map(\.clientMessageID.description) == ["m7", "m8", "m9", "live"])
        #expect(try store.page(InboxQuery(words: SearchWords("8"), limit: 10, maxBytes: 100)).rows.map(\.id) == [-1])
        let outbox = try files.openOutbox()
        _ = try await outbox.accept(Sample.request("sent", at: 850))
        let history = Correspondence(outbox: outbox, inbox: store, to: .everybody, from: .everybody)
        var (seen, position) = ([String](), Optional(Correspondence.Position()))
        while let start = position {
            let (entries, next) = try history.page(after: start, limit: 2, maxBytes: 1000)
            seen += entries.map(\.text)
            position = try next.map { try #require(Correspondence.Position($0.description)) }
        }
        #expect(seen == ["<body 7", "<body 8", ">body of sent", "<body 9", "<body too"])
        #expect(
            try history.newest(4, maxBytes: 1000).map(\.text) == ["<body 8", ">body of sent", "<body 9", "<body too"])
        outbox.close()
        store.close()
    }
}
