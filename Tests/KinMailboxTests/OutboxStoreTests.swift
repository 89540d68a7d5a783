import Foundation
import KinEncoding
import KinMailbox
import KinWire
import Testing

@Suite struct OutboxStoreTests {
    let files: TestStores

    init() throws { files = try TestStores() }

    @Test("everything is there after the file was closed and opened, its line too")
    func reopen() async throws {
        let first = try files.openOutbox(line: 3)
        for number in 1...5 { _ = try await first.accept(Sample.request("m\(number)")) }
        first.markRelayed([Ack(clientMessageID: Sample.id("m1"), brokerMessageID: 1, duplicate: false)], at: 2000)
        first.markDead(Sample.id("m2"), reason: "expired")
        first.close()
        let second = try files.openOutbox(line: 4)
        #expect(second.line == [UInt8](repeating: 3, count: 8))
        #expect(try second.depth() == (3, 1))
        #expect(
            try second.pending(in: Sample.lane(), after: 0, limit: 9).map(\.clientMessageID.description) == [
                "m3", "m4", "m5",
            ])
        #expect(try second.row(Sample.id("m1"))?.relayedAt == 2000)
        #expect(try second.row(Sample.id("m2"))?.lastError == "expired")
        #expect(try await second.accept(Sample.request("m6")).row.seq == 6)
        #expect(try second.row(Sample.id("m6"))?.line == second.line)
    }

    @Test("a new file has a line of its own")
    func newLine() throws {
        #expect(try files.openOutbox(line: 1).line == [UInt8](repeating: 1, count: 8))
        let other = try TestStores()
        #expect(try other.openOutbox(line: 2).line == [UInt8](repeating: 2, count: 8))
    }

    @Test("the files are for the user alone")
    func modes() async throws {
        let store = try files.openOutbox()
        _ = try await store.accept(Sample.request("a"))
        for suffix in ["", "-wal", "-shm"] { #expect(try files.mode(files.outbox + suffix) == 0o600) }
    }

    @Test("a damaged file is refused with what to do")
    func damaged() throws {
        let garbage = Data("this is no database, whatever its name may say".utf8)
        _ = FileManager.default.createFile(
            atPath: files.outbox, contents: garbage, attributes: [.posixPermissions: 0o600])
        let error = #expect(throws: KinError.self) { _ = try files.openOutbox() }
        #expect(error?.code == "store_corrupt")
        #expect(error?.message.contains("outbox.db") == true && error?.message.contains("kin daemon recover") == true)
    }

    @Test("pending rows come in order, after the one named, and no more than asked for")
    func pages() async throws {
        let store = try files.openOutbox()
        for number in 1...7 { _ = try await store.accept(Sample.request("m\(number)")) }
        _ = try await store.accept(Sample.request("other", Sample.lane(2)))
        #expect(try store.pending(in: Sample.lane(), after: 2, limit: 3).map(\.seq) == [3, 4, 5])
        #expect(try store.pending(in: Sample.lane(), after: 7, limit: 3).isEmpty)
        #expect(try store.pending(in: Sample.lane(9), after: 0, limit: 3).isEmpty)
    }

    @Test("what the broker took is done once, with the first time and id")
    func relayed() async throws {
        let store = try files.openOutbox()
        _ = try await store.accept(Sample.request("a"))
        store.markDelayed(Sample.id("a"), reason: "rate_limited", until: 1500)
        store.markRelayed([Ack(clientMessageID: Sample.id("a"), brokerMessageID: 7, duplicate: false)], at: 2000)
        store.markRelayed([Ack(clientMessageID: Sample.id("a"), brokerMessageID: 8, duplicate: true)], at: 3000)
        store.markDead(Sample.id("a"), reason: "late")
        await store.flush()
        let row = try #require(try store.row(Sample.id("a")))
        #expect(row.status == .done && row.relayedAt == 2000 && row.brokerMessageID == 7 && row.lastError == nil)
        #expect(try store.pendingLanes().isEmpty)
        #expect(try store.depth() == (0, 0))
    }

    @Test("a refused message keeps waiting, with the reason and when it is due")
    func delayed() async throws {
        let store = try files.openOutbox()
        _ = try await store.accept(Sample.request("a"))
        store.markDelayed(Sample.id("a"), reason: "unknown_member", until: 1500)
        store.markDelayed(Sample.id("a"), reason: "rate_limited", until: 2500)
        await store.flush()
        let row = try #require(try store.row(Sample.id("a")))
        #expect(row.status == .pending && row.lastError == "rate_limited")
        let kept = try files.read(files.outbox, "SELECT attempts, next_attempt_at FROM outbox") {
            [$0["attempts"] as Int, $0["next_attempt_at"] as Int]
        }
        #expect(kept == [[2, 2500]])
    }

    @Test("a dead message says why, and is sent no more")
    func dead() async throws {
        let store = try files.openOutbox()
        _ = try await store.accept(Sample.request("a"))
        store.markDead(Sample.id("a"), reason: "too_large")
        store.markRelayed([Ack(clientMessageID: Sample.id("a"), brokerMessageID: 7, duplicate: false)], at: 2000)
        await store.flush()
        let row = try #require(try store.row(Sample.id("a")))
        #expect(row.status == .dead && row.lastError == "too_large" && row.relayedAt == nil)
        #expect(try store.pending(in: Sample.lane(), after: 0, limit: 9).isEmpty)
        #expect(try store.depth() == (0, 1))
    }

    @Test(
        "what a message says comes back as it was",
        arguments: [
            OutboxRow.Content(body: ""),
            OutboxRow.Content(body: "\u{0}\u{1}\n\r\t\"\\ \u{2028} 😀 e\u{301} \u{FEFF}מ"),
            OutboxRow.Content(
                body: "all", contentType: "application/x-thing",
                meta: .object([
                    "n": .integer(-5), "x": .number(0.5), "list": .array([.null, .bool(true), .string("é")]),
                ]),
                replyTo: Sample.id("an:other.one_-"), mentions: [Sample.name("laptop"), Sample.name("studio-2")]),
            OutboxRow.Content(body: "empty", meta: .object([:]), mentions: []),
        ])
    func payload(_ content: OutboxRow.Content) async throws {
        let store = try files.openOutbox()
        _ = try await store.accept(Sample.request("a", content: content))
        #expect(try store.row(Sample.id("a"))?.content == content)
        #expect(try store.row(Sample.id("a"))?.content.body.utf8.elementsEqual(content.body.utf8) == true)
        #expect(try store.pending(in: Sample.lane(), after: 0, limit: 1).first?.content == content)
    }
}

@Suite struct OutboxReceiptTests {
    let files: TestStores
    let store: OutboxStore

    init() throws {
        files = try TestStores()
        store = try files.openOutbox()
    }

    private func receipt(_ kind: Receipt.Kind, _ ids: [String], at time: Int64) -> Receipt {
        Receipt(kind: kind, ids: ids.map(Sample.id), at: time)
    }

    @Test("a receipt of the recipient counts once, with its first time")
    func once() async throws {
        _ = try await store.accept(Sample.request("a"))
        #expect(await store.apply(receipt(.delivered, ["a"], at: 50), from: 1) == [Sample.id("a")])
        #expect(await store.apply(receipt(.delivered, ["a"], at: 60), from: 1) == [])
        #expect(await store.apply(receipt(.read, ["a"], at: 70), from: 1) == [Sample.id("a")])
        let row = try #require(try store.row(Sample.id("a")))
        #expect(row.deliveredAt == 50 && row.readAt == 70)
    }

    @Test("a receipt of anybody else changes nothing")
    func foreign() async throws {
        _ = try await store.accept(Sample.request("a", Sample.lane(1)))
        #expect(await store.apply(receipt(.delivered, ["a"], at: 50), from: 2) == [])
        #expect(try store.row(Sample.id("a"))?.deliveredAt == nil)
    }

    @Test("of the messages a receipt names those count that went to its signer")
    func mixed() async throws {
        _ = try await store.accept(Sample.request("mine", Sample.lane(1)))
        _ = try await store.accept(Sample.request("theirs", Sample.lane(2)))
        let named = receipt(.delivered, ["theirs", "unknown", "mine"], at: 50)
        #expect(await store.apply(named, from: 1) == [Sample.id("mine")])
        #expect(try store.row(Sample.id("theirs"))?.deliveredAt == nil)
    }

    @Test("a receipt may overtake the broker's ack, which still counts")
    func beforeAck() async throws {
        _ = try await store.accept(Sample.request("a"))
        _ = await store.apply(receipt(.delivered, ["a"], at: 50), from: 1)
        store.markRelayed([Ack(clientMessageID: Sample.id("a"), brokerMessageID: 7, duplicate: false)], at: 60)
        await store.flush()
        let row = try #require(try store.row(Sample.id("a")))
        #expect(row.status == .done && row.deliveredAt == 50 && row.relayedAt == 60)
    }

    @Test("a receipt that cannot be stored says so")
    func closed() async {
        store.close()
        #expect(await store.apply(receipt(.delivered, ["a"], at: 50), from: 1) == nil)
    }
}
