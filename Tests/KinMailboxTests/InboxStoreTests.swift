import Foundation
import KinEncoding
import KinMailbox
import KinWire
import Testing

@Suite struct InboxStoreTests {
    let files: TestStores
    let store: InboxStore

    init() throws {
        files = try TestStores()
        store = try InboxStore(path: files.inbox)
    }

    private func message(
        _ id: String, from sender: UInt8 = 1, body: String? = nil, meta: JSON? = nil, replyTo: String? = nil,
        at time: Int64 = 1000
    ) -> IncomingMessage {
        let inner = SealedMessage(
            mesh: Sample.mesh, sender: Sample.member(sender), senderName: Sample.name("sender-\(sender)"),
            recipient: Sample.member(9).description, clientMessageID: Sample.id(id),
            line: [UInt8](repeating: 1, count: 8), seq: 1, priority: .now, createdAt: 900,
            replyTo: replyTo.map(Sample.id), meta: meta, body: body ?? "body of \(id)")
        return IncomingMessage(
            message: inner, brokerMessageID: 5, senderKey: [UInt8](repeating: 8, count: 32), receivedAt: time)
    }

    private func everything(_ query: InboxQuery = InboxQuery(limit: 1000, maxBytes: 1 << 20)) throws -> [String] {
        try store.page(query).rows.map(\.clientMessageID.description)
    }

    @Test("a message is stored with all it says")
    func stores() async throws {
        let meta = JSON.object(["k": .array([.integer(1), .null])])
        let rows = try await store.receive([message("a", meta: meta, replyTo: "b", at: 1234)])
        let row = try #require(rows.first ?? nil)
        #expect(row.clientMessageID == Sample.id("a") && row.senderMember == Sample.member(1))
        #expect(row.senderName == Sample.name("sender-1") && row.priority == .now && row.contentType == "text/plain")
        #expect(row.meta == meta && row.replyTo == Sample.id("b") && row.createdAt == 900 && row.receivedAt == 1234)
        #expect(row.brokerMessageID == 5 && row.readAt == nil)
        #expect(try store.page(InboxQuery(limit: 10, maxBytes: 1000)).rows == [row])
    }

    @Test(
        "a body comes back byte for byte",
        arguments: ["", "\u{0}", "a\u{0}b", "😀 e\u{301}\u{FEFF}\n\r\"\\", "\u{10FFFF}"])
    func bodies(_ body: String) async throws {
        _ = try await store.receive([message("a", body: body)])
        let row = try #require(try store.page(InboxQuery(limit: 1, maxBytes: 1000)).rows.first)
        #expect(Array(row.body.utf8) == Array(body.utf8))
    }

    @Test("the same id of the same sender is stored once, in one batch and in several")
    func dedupes() async throws {
        let first = try await store.receive([message("a"), message("a", body: "forged"), message("b")])
        #expect(first.map { $0 != nil } == [true, false, true])
        #expect(try await store.receive([message("b"), message("c")]).map { $0 != nil } == [false, true])
        #expect(try everything() == ["a", "b", "c"])
        #expect(try store.page(InboxQuery(limit: 1, maxBytes: 1000)).rows.first?.body == "body of a")
        #expect(try store.count() == 3)
    }

    @Test("the same id of another sender is another message")
    func perSender() async throws {
        let rows = try await store.receive([message("a", from: 1), message("a", from: 2)])
        #expect(rows.compactMap { $0?.id }.count == 2)
    }

    @Test("ids rise in the order of arrival, and a repeat leaves no doubt about them")
    func order() async throws {
        let rows = try await store.receive(["c", "a", "a", "b"].map { message($0) })
        let ids = rows.compactMap { $0?.id }
        #expect(ids.count == 3 && ids == ids.sorted() && Set(ids).count == 3)
        #expect(try everything() == ["c", "a", "b"])
    }

    @Test("pages follow each other without loss or repeat")
    func pages() async throws {
        _ = try await store.receive((1...25).map { message("m\($0)") })
        var seen: [String] = []
        var after: Int64 = 0
        var more = true
        var pages = 0
        while more {
            let page = try store.page(InboxQuery(after: after, limit: 10, maxBytes: 1 << 20))
            #expect(page.rows.count <= 10)
            seen += page.rows.map(\.clientMessageID.description)
            after = page.rows.last?.id ?? after
            more = page.more
            pages += 1
        }
        #expect(seen == (1...25).map { "m\($0)" })
        #expect(pages == 3)
    }

    @Test("a page that ends exactly at the last message says that nothing follows")
    func exactPage() async throws {
        _ = try await store.receive((1...10).map { message("m\($0)") })
        #expect(try store.page(InboxQuery(limit: 10, maxBytes: 1 << 20)).more == false)
        #expect(try store.page(InboxQuery(limit: 9, maxBytes: 1 << 20)).more == true)
    }

    @Test("a page stops at its bytes, but never before its first message")
    func bytes() async throws {
        _ = try await store.receive((1...4).map { message("m\($0)", body: String(repeating: "x", count: 100)) })
        let page = try store.page(InboxQuery(limit: 10, maxBytes: 250))
        #expect(page.rows.count == 2 && page.more)
        let small = try store.page(InboxQuery(limit: 10, maxBytes: 1))
        #expect(small.rows.count == 1 && small.more)
    }

    @Test("since and from narrow what is read")
    func filters() async throws {
        _ = try await store.receive([
            message("a", from: 1, at: 100), message("b", from: 2, at: 200), message("c", from: 1, at: 300),
        ])
        #expect(try everything(InboxQuery(since: 200, limit: 10, maxBytes: 1000)) == ["b", "c"])
        #expect(try everything(InboxQuery(from: Sample.member(1), limit: 10, maxBytes: 1000)) == ["a", "c"])
        #expect(try everything(InboxQuery(since: 101, from: Sample.member(1), limit: 10, maxBytes: 1000)) == ["c"])
        #expect(try everything(InboxQuery(from: Sample.member(7), limit: 10, maxBytes: 1000)) == [])
    }

    @Test("everything is there after the file was closed and opened, and a repeat is still known")
    func reopen() async throws {
        let before = try await store.receive([message("a"), message("b")])
        store.close()
        let again = try InboxStore(path: files.inbox)
        #expect(try again.page(InboxQuery(limit: 10, maxBytes: 1000)).rows == before.compactMap { $0 })
        #expect(try await again.receive([message("a"), message("c")]).map { $0 != nil } == [false, true])
        #expect(
            try again.page(InboxQuery(limit: 10, maxBytes: 1000)).rows.map(\.clientMessageID.description) == [
                "a", "b", "c",
            ])
    }

    @Test("the file is for the user alone")
    func modes() async throws {
        _ = try await store.receive([message("a")])
        for suffix in ["", "-wal", "-shm"] { #expect(try files.mode(files.inbox + suffix) == 0o600) }
    }

    @Test("a closed inbox stores nothing and says so")
    func closed() async {
        store.close()
        await #expect(throws: KinError.self) { _ = try await store.receive([message("a")]) }
    }

    @Test("after a batch that cannot be stored the rest of its connection waits; another connection goes on")
    func brokenIntake() async throws {
        try files.write(
            files.inbox,
            """
            CREATE TRIGGER refusal BEFORE INSERT ON inbox WHEN NEW.client_message_id = 'bad'
            BEGIN SELECT RAISE(ABORT, 'no'); END
            """)
        let intake = InboxIntake()
        // While the first batch is written the others gather, for one transaction.
        let failed = await withCheckedContinuation { continuation in
            let outcomes = Log<Bool>()
            for batch in [(1...500).map({ message("m\($0)") }), [message("bad")], [message("b")]] {
                store.receive(batch, from: intake) { result in
                    if case .success = result { outcomes.add(false) } else { outcomes.add(true) }
                    if outcomes.entries.count == 3 { continuation.resume(returning: outcomes.entries) }
                }
            }
        }
        #expect(failed == [false, true, true])
        await #expect(throws: KinError.self) { _ = try await store.receive([message("c")], from: intake) }
        #expect(try everything().count == 500)
        _ = try await store.receive([message("b")])
        #expect(try everything().last == "b")
    }

    // MARK: Receipts

    @Test("every stored message is due a receipt, grouped by sender, in parts")
    func receiptsDue() async throws {
        _ = try await store.receive([
            message("a", from: 1), message("b", from: 2), message("c", from: 1), message("d", from: 1),
        ])
        var position = ReceiptPosition()
        let due = try store.receiptsDue(after: &position, limit: 3)
        let groups = Dictionary(uniqueKeysWithValues: due.map { ($0.sender, $0.ids.map(\.description)) })
        #expect(groups == [Sample.member(1): ["a", "c"], Sample.member(2): ["b"]])
        let rest = try store.receiptsDue(after: &position, limit: 3)
        #expect(rest.map { $0.ids.map(\.description) } == [["d"]])
        #expect(try store.receiptsDue(after: &position, limit: 3) == [])
    }

    @Test("a receipt taken by the broker is due no more, after a restart neither")
    func clears() async throws {
        _ = try await store.receive([message("a", from: 1), message("a", from: 2), message("b", from: 1)])
        store.clear(DueReceipt(sender: Sample.member(1), kind: .delivered, ids: [Sample.id("a")]))
        store.close()
        let again = try InboxStore(path: files.inbox)
        let groups = Dictionary(uniqueKeysWithValues: try again.due().map { ($0.sender, $0.ids.map(\.description)) })
        #expect(groups == [Sample.member(1): ["b"], Sample.member(2): ["a"]])
    }
}
