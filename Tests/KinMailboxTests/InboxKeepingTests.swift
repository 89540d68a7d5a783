import KinEncoding
import KinMailbox
import KinWire
import Testing

/// What readers and time do to the inbox, and what it tells senders.
@Suite struct InboxKeepingTests {
    static let day: Int64 = 86_400_000
    let files: TestStores
    let store: InboxStore

    init() throws {
        files = try TestStores()
        store = try InboxStore(path: files.inbox)
    }

    private func message(_ id: String, from sender: UInt8 = 1, body: String? = nil, at time: Int64 = 1000)
        -> IncomingMessage
    {
        let inner = SealedMessage(
            mesh: Sample.mesh, sender: Sample.member(sender), senderName: Sample.name("sender-\(sender)"),
            recipient: Sample.member(9).description, clientMessageID: Sample.id(id),
            line: [UInt8](repeating: 1, count: 8), seq: 1, priority: .now, createdAt: 900, body: body ?? "body of \(id)"
        )
        return IncomingMessage(
            message: inner, brokerMessageID: 5, senderKey: [UInt8](repeating: 8, count: 32), receivedAt: time)
    }

    private func ids(_ store: InboxStore, _ words: String? = nil) throws -> [String] {
        let query = InboxQuery(words: words.flatMap { SearchWords($0) }, limit: 100, maxBytes: 1 << 20)
        return try store.page(query).rows.map(\.clientMessageID.description)
    }

    // MARK: Reading

    @Test("what is marked as read has its time once, and its sender is due a receipt, after that of the delivery")
    func read() async throws {
        let rows = try await store.receive([message("a"), message("b"), message("c", from: 2)]).compactMap { $0 }
        let wanted = [rows[0].id, rows[2].id, 999]
        #expect(try await store.markRead(wanted, at: 5000) == [rows[0].id, rows[2].id])
        #expect(try await store.markRead(wanted, at: 6000) == [])
        let page = try store.page(InboxQuery(limit: 9, maxBytes: 1000)).rows
        #expect(page.map(\.readAt) == [5000, nil, 5000])
        let due = try store.due()
        #expect(due.map(\.kind) == [.delivered, .delivered, .read, .read])
        #expect(due.filter { $0.kind == .read }.map { $0.ids.map(\.description) } == [["a"], ["c"]])
        for receipt in due { store.clear(receipt) }
        _ = try await store.markRead([rows[1].id], at: 7000)
        #expect(
            try store.due() == [DueReceipt(sender: Sample.member(1), kind: .read, ids: [Sample.id("b")])])
    }

    // MARK: Refusing

    @Test("a refusal is told once, with its reason, until the broker has it; not of what is here or was")
    func refusals() async throws {
        _ = try await store.receive([message("here"), message("was", at: 500)])
        _ = try await store.keep(days: 1, now: Self.day + 600)
        for receipt in try store.due() { store.clear(receipt) }
        let late = ["late", "here", "was"].map {
            RefusedMessage(sender: Sample.member(1), clientMessageID: Sample.id($0), reason: "expired")
        }
        #expect(try await store.refuse(late) == [true, false, false])
        #expect(try await store.refuse(late) == [true, false, false])
        let due = [
            DueReceipt(sender: Sample.member(1), kind: .refused, reason: "expired", ids: [Sample.id("late")])
        ]
        #expect(try store.due() == due)
        store.clear(due[0])
        _ = try await store.markRead([], at: 1)
        #expect(try store.due() == [])
    }

    @Test("refusals for different reasons, and of different senders, are different receipts")
    func refusalGroups() async throws {
        let late = [("a", 1, "expired"), ("b", 1, "wrong_time"), ("c", 2, "expired"), ("d", 1, "expired")]
        _ = try await store.refuse(
            late.map { id, sender, reason in
                RefusedMessage(
                    sender: Sample.member(UInt8(sender)), clientMessageID: Sample.id(id), reason: reason)
            })
        #expect(try store.due().map { $0.ids.map(\.description) } == [["a", "d"], ["b"], ["c"]])
    }

    // MARK: Time

    @Test("messages go after their days, are recognised for 46 more, and are new after that")
    func retention() async throws {
        _ = try await store.receive([message("old", at: 0), message("young", at: Self.day)])
        #expect(try await store.keep(days: 30, now: 30 * Self.day).deleted == 0)
        #expect(try await store.keep(days: 30, now: 30 * Self.day + 1).deleted == 1)
        #expect(try ids(store) == ["young"])
        #expect(try await store.receive([message("old"), message("old", from: 2)]).map { $0 != nil } == [false, true])
        let deleted = 30 * Self.day + 1
        #expect(try await store.keep(days: 365, now: deleted + 46 * Self.day).forgotten == 0)
        #expect(try await store.receive([message("old")]).compactMap { $0 }.isEmpty)
        #expect(try await store.keep(days: 365, now: deleted + 46 * Self.day + 1).forgotten == 1)
        #expect(try await store.receive([message("old")]).compactMap { $0 }.count == 1)
    }

    @Test("more messages than one write takes go all the same")
    func manyAtOnce() async throws {
        _ = try await store.receive((1...1234).map { message("m\($0)", at: 5) })
        #expect(try await store.keep(days: 1, now: 2 * Self.day).deleted == 1234)
        #expect(try await store.keep(days: 1, now: 49 * Self.day).forgotten == 1234)
    }

    @Test("once a week the room goes back to the disk")
    func vacuum() async throws {
        let long = String(repeating: "x", count: 20_000)
        _ = try await store.receive((1...100).map { message("m\($0)", body: long, at: 5) })
        #expect(try await store.keep(days: 30, now: 0).vacuumed == false)
        let first = try await store.keep(days: 1, now: 7 * Self.day - 1)
        #expect(first.deleted == 100 && !first.vacuumed)
        let before = try pages()
        #expect(try await store.keep(days: 1, now: 7 * Self.day).vacuumed)
        #expect(try pages() < before / 4)
        #expect(try await store.keep(days: 1, now: 14 * Self.day - 1).vacuumed == false)
        #expect(try await store.keep(days: 1, now: 14 * Self.day).vacuumed)
        #expect(try await store.receive([message("after")]).compactMap { $0 }.count == 1)
    }

    private func pages() throws -> Int {
        try files.read(files.inbox, "PRAGMA page_count") { $0[0] as Int }.first ?? 0
    }

    // MARK: Searching

    @Test("without its index the inbox cannot be searched, and says which setting that is")
    func searchOff() throws {
        let error = #expect(throws: KinError.self) { _ = try ids(store, "disk") }
        #expect(error?.code == "search_off" && error?.message.contains("inbox_fts") == true)
    }

    @Test("the index is built of what is there, follows what comes and goes, and is dropped again")
    func index() async throws {
        _ = try await store.receive([message("a", body: "the disk is full"), message("b", body: "build is green")])
        store.close()
        let indexed = try InboxStore(path: files.inbox, isIndexed: true)
        #expect(try ids(indexed, "disk") == ["a"])
        _ = try await indexed.receive([
            message("c", body: "Disk\u{0}behind", at: 9 * Self.day), message("a", body: "disk twice"),
        ])
        #expect(try ids(indexed, "DISK") == ["a", "c"] && ids(indexed, "behind") == ["c"])
        _ = try await indexed.keep(days: 1, now: 9 * Self.day)
        #expect(try ids(indexed, "disk") == ["c"])
        let rows = try files.read(files.inbox, "SELECT rowid FROM inbox_fts WHERE inbox_fts MATCH 'disk OR green'") {
            _ in 1
        }
        #expect(rows.count == 1)
        indexed.close()
        let plain = try InboxStore(path: files.inbox)
        _ = try await plain.receive([message("d", body: "a disk unseen")])
        #expect(
            try files.read(files.inbox, "SELECT 1 FROM sqlite_schema WHERE name LIKE 'inbox_fts%'") { _ in 1 } == [])
        plain.close()
        #expect(try ids(InboxStore(path: files.inbox, isIndexed: true), "disk") == ["c", "d"])
    }

    @Test(
        "words must all be there; phrases stand together; a star is any ending",
        arguments: [
            ("full disk", ["a", "b"]), ("\"disk full\"", ["b"]), ("dis*", ["a", "b", "c"]), ("dis", []),
            ("\"full di\"*", ["a"]), ("fühl", ["c"]), ("FUHL", ["c"]), ("disk NOT full", []), ("a-b", ["c"]),
            ("body:disk", []), ("disk\"full", ["a", "b"]), ("(disk", ["a", "b"]),
        ] as [(String, [String])])
    func words(_ words: String, _ expected: [String]) async throws {
        store.close()
        let indexed = try InboxStore(path: files.inbox, isIndexed: true)
        _ = try await indexed.receive([
            message("a", body: "a full disk"), message("b", body: "disk full"),
            message("c", body: "distance fühl a-b"),
        ])
        #expect(try ids(indexed, words) == expected)
    }

    @Test(
        "where there is nothing to look for there is no search",
        arguments: ["", " ", "*", "\"\"", "-- ()", "\"", "\u{0}"])
    func noWords(_ words: String) {
        #expect(SearchWords(words) == nil)
        #expect(SearchWords(String(repeating: "x", count: SearchWords.maxBytes + 1)) == nil)
    }

    // MARK: Migration

    @Test("an inbox of the first schema is carried on with what it holds and owes")
    func migrates() async throws {
        let rows = try await store.receive([message("a")])
        store.close()
        try files.write(
            files.inbox,
            """
            DROP INDEX inbox_read_due; ALTER TABLE inbox DROP COLUMN read_due;
            DROP TABLE refusal; DROP TABLE former; DROP TABLE upkeep;
            DELETE FROM grdb_migrations WHERE identifier LIKE '2:%';
            """)
        let again = try InboxStore(path: files.inbox)
        #expect(try again.page(InboxQuery(limit: 9, maxBytes: 1000)).rows == rows.compactMap { $0 })
        #expect(try again.due().map(\.kind) == [.delivered])
        #expect(try await again.markRead([1], at: 5) == [1])
    }
}
