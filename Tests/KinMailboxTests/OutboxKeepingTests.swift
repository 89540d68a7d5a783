import KinEncoding
import KinMailbox
import KinWire
import Testing

/// What a user does about messages that do not go, or have gone long ago.
@Suite struct OutboxKeepingTests {
    let files: TestStores
    let store: OutboxStore

    init() throws {
        files = try TestStores()
        store = try files.openOutbox()
    }

    private func relay(_ id: String, as number: Int64 = 1) {
        store.markRelayed([Ack(clientMessageID: Sample.id(id), brokerMessageID: number, duplicate: false)], at: 2000)
    }

    private func refuse(_ id: String) async {
        let receipt = Receipt(kind: .refused, ids: [Sample.id(id)], at: 2500, reason: "expired")
        _ = await store.apply(receipt, from: 1)
    }

    private func status(_ id: String) throws -> OutboxRow.Status? { try store.row(Sample.id(id))?.status }

    // MARK: Dropping

    @Test("what waits or failed is dropped, with time and by whom; twice changes nothing")
    func drops() async throws {
        for id in ["waits", "dead", "refused"] { _ = try await store.accept(Sample.request(id)) }
        store.markDead(Sample.id("dead"), reason: "expired")
        relay("refused")
        await refuse("refused")
        for id in ["waits", "dead", "refused"] {
            let row = try await store.drop(id)
            #expect(row.status == .aborted && row.abortedAt == 5000 && row.abortedBy == "user")
            #expect(try await store.drop(id, at: 6000) == row)
        }
        #expect(try store.pending(in: Sample.lane(), after: 0, limit: 9).isEmpty)
        #expect(try store.page(OutboxQuery(limit: 9)).rows.isEmpty)
    }

    @Test("what has left cannot be dropped or sent again in its place", arguments: ["relayed", "delivered"])
    func left(_ how: String) async throws {
        _ = try await store.accept(Sample.request("a"))
        relay("a")
        if how == "delivered" {
            _ = await store.apply(Receipt(kind: .delivered, ids: [Sample.id("a")], at: 2500), from: 1)
        }
        await store.flush()
        let dropped = await #expect(throws: KinError.self) { _ = try await store.drop("a") }
        #expect(dropped?.code == "outbox_done" && dropped?.category == .conflict)
        let requeued = await #expect(throws: KinError.self) {
            _ = try await store.requeue("a", as: Sample.request("b"))
        }
        #expect(requeued?.code == "outbox_done")
        #expect(try store.row(Sample.id("b")) == nil && status("a") == .done)
    }

    @Test("the daemon's own messages are nobody's to drop")
    func own() async throws {
        let content = OutboxRow.Content(body: "{}", contentType: SuccessionBundle.contentType)
        _ = try await store.accept(Sample.request("own", content: content))
        let error = await #expect(throws: KinError.self) { _ = try await store.drop("own") }
        #expect(error?.code == "message_of_daemon" && error?.category == .refused)
        #expect(try status("own") == .pending)
    }

    @Test("what was never sent is said to be unknown")
    func unknown() async throws {
        let error = await #expect(throws: KinError.self) { _ = try await store.drop("nobody") }
        #expect(error?.code == "unknown_message" && error?.category == .notFound)
    }

    // MARK: Sending again

    @Test("a message sent again has another id and place; the old one is kept, aborted, and names it")
    func requeues() async throws {
        _ = try await store.accept(Sample.request("old"))
        store.markDead(Sample.id("old"), reason: "expired")
        let told = Log<ClientMessageID>()
        let row = try await store.requeue(Sample.id("old"), as: Sample.request("new", at: 5000), at: 5000) {
            told.add($0.clientMessageID)
        }
        #expect(row.clientMessageID == Sample.id("new") && row.status == .pending && row.seq == 2)
        #expect(told.entries == [Sample.id("new")])
        let old = try #require(try store.row(Sample.id("old")))
        #expect(old.status == .aborted && old.supersededBy == Sample.id("new"))
        #expect(old.abortedAt == 5000 && old.abortedBy == "requeue" && old.lastError == "expired")
    }

    @Test("the second of two who send it again is told of the first")
    func requeuedOnce() async throws {
        _ = try await store.accept(Sample.request("old"))
        _ = try await store.requeue("old", as: Sample.request("new"))
        let error = await #expect(throws: KinError.self) {
            _ = try await store.requeue("old", as: Sample.request("third"))
        }
        #expect(error?.code == "outbox_aborted" && error?.detail["superseded_by"] == .string("new"))
        #expect(try store.row(Sample.id("third")) == nil)
    }

    @Test("what was dropped can be sent again, and stays marked as dropped")
    func droppedThenRequeued() async throws {
        _ = try await store.accept(Sample.request("old"))
        _ = try await store.drop("old", at: 4000)
        _ = try await store.requeue("old", as: Sample.request("new"), at: 5000)
        let old = try #require(try store.row(Sample.id("old")))
        #expect(old.abortedAt == 4000 && old.abortedBy == "user" && old.supersededBy == Sample.id("new"))
    }

    @Test("where the new id is taken nothing changes")
    func requeueConflict() async throws {
        _ = try await store.accept(Sample.request("old"))
        _ = try await store.accept(Sample.request("new"))
        let error = await #expect(throws: KinError.self) {
            _ = try await store.requeue("old", as: Sample.request("new"))
        }
        #expect(error?.code == "outbox_id_taken")
        #expect(try status("old") == .pending)
    }

    // MARK: Listing

    @Test("the list holds what waits and what failed, oldest first, in pages; or only what failed")
    func lists() async throws {
        for id in ["waits", "dead", "refused", "relayed", "dropped", "late"] {
            _ = try await store.accept(Sample.request(id))
        }
        store.markDead(Sample.id("dead"), reason: "too_large")
        relay("refused")
        relay("relayed", as: 2)
        await refuse("refused")
        _ = try await store.drop("dropped")
        let first = try store.page(OutboxQuery(limit: 2))
        #expect(first.rows.map(\.clientMessageID.description) == ["waits", "dead"] && first.more)
        let rest = try store.page(OutboxQuery(after: first.rows.last?.id ?? 0, limit: 2))
        #expect(rest.rows.map(\.clientMessageID.description) == ["refused", "late"] && !rest.more)
        let failed = try store.page(OutboxQuery(part: .failed, limit: 9)).rows
        #expect(failed.map(\.clientMessageID.description) == ["dead", "refused"])
        #expect(failed.last?.refusedReason == "expired" && failed.last?.isRefused == true)
        #expect(try store.refusedCount() == 1)
    }

    // MARK: Erasing

    @Test("only finished messages that are old enough are erased, and their ids stay taken")
    func prunes() async throws {
        let now: Int64 = 100 * 86_400_000
        for id in ["waits", "dead", "relayed", "delivered"] { _ = try await store.accept(Sample.request(id, at: now)) }
        _ = try await store.accept(Sample.request("fresh", at: now + 5))
        store.markDead(Sample.id("dead"), reason: "expired")
        store.markDead(Sample.id("fresh"), reason: "expired")
        relay("relayed")
        relay("delivered", as: 2)
        _ = await store.apply(Receipt(kind: .delivered, ids: [Sample.id("delivered")], at: 2500), from: 1)
        #expect(try await store.prune(before: now + 1, now: now + 10) == 2)
        #expect(try await store.prune(before: now + 1, now: now + 11) == 0)
        for id in ["dead", "delivered"] {
            let row = try #require(try store.row(Sample.id(id)))
            #expect(row.content == .init(body: "") && row.prunedAt == now + 10)
        }
        for id in ["waits", "relayed", "fresh"] {
            #expect(try store.row(Sample.id(id))?.content.body == "body of \(id)")
        }
        let again = try await store.accept(Sample.request("delivered"))
        guard case .finished = again else {
            Issue.record("an erased message is still known, not \(again)")
            return
        }
    }

    @Test("what was only relayed is erased when no other store can be given it any more")
    func prunesRelayed() async throws {
        _ = try await store.accept(Sample.request("a", at: 1000))
        relay("a")
        await store.flush()
        let day: Int64 = 86_400_000
        #expect(try await store.prune(before: 2000, now: 45 * day) == 0)
        #expect(try await store.prune(before: 2000, now: 46 * day) == 1)
    }

    @Test("a refused or erased message does not go out again to another store")
    func notReopened() async throws {
        for id in ["refused", "relayed"] { _ = try await store.accept(Sample.request(id)) }
        relay("refused")
        relay("relayed", as: 2)
        await refuse("refused")
        let reopened = await withCheckedContinuation { continuation in
            store.moved(to: [1], lastMessageID: 9, notBefore: 0) { _ in }
            store.moved(to: [2], lastMessageID: 9, notBefore: 0) { continuation.resume(returning: $0) }
        }
        #expect(reopened == 1)
        #expect(try status("refused") == .done && status("relayed") == .pending)
    }

    // MARK: Receipts of refusal

    @Test("a refusal counts once, by the recipient alone, and the first word is the last")
    func refusals() async throws {
        for id in ["a", "b"] { _ = try await store.accept(Sample.request(id)) }
        relay("a")
        relay("b", as: 2)
        await store.flush()
        let refusal = Receipt(kind: .refused, ids: [Sample.id("a"), Sample.id("b")], at: 50, reason: "wrong_time")
        #expect(await store.apply(refusal, from: 2) == [])
        _ = await store.apply(Receipt(kind: .delivered, ids: [Sample.id("b")], at: 40), from: 1)
        #expect(await store.apply(refusal, from: 1) == [Sample.id("a")])
        #expect(await store.apply(refusal, from: 1) == [])
        #expect(await store.apply(Receipt(kind: .delivered, ids: [Sample.id("a")], at: 60), from: 1) == [])
        #expect(await store.apply(Receipt(kind: .read, ids: [Sample.id("a")], at: 60), from: 1) == [])
        let row = try #require(try store.row(Sample.id("a")))
        #expect(row.isRefused && row.refusedAt == 50 && row.refusedReason == "wrong_time" && row.deliveredAt == nil)
        #expect(try store.row(Sample.id("b"))?.isRefused == false)
    }

    @Test("what was read was delivered, whatever receipt was lost")
    func readAlone() async throws {
        _ = try await store.accept(Sample.request("a"))
        #expect(await store.apply(Receipt(kind: .read, ids: [Sample.id("a")], at: 70), from: 1) == [Sample.id("a")])
        #expect(try store.row(Sample.id("a"))?.deliveredAt == 70)
    }

    // MARK: Batches

    @Test("messages taken together keep their order; after one that is not taken none is")
    func batch() async throws {
        _ = try await store.accept(Sample.request("taken", fingerprint: 9))
        let requests = ["a", "b", "taken", "c"].map { Sample.request($0) }
        let outcomes = await store.accept(requests) { _ in }
        #expect(outcomes.count == 4)
        #expect(try outcomes.prefix(2).map { try $0.get().row.seq } == [2, 3])
        guard case .success(.conflict) = outcomes[2], case .failure = outcomes[3] else {
            Issue.record("the third is a conflict, and the fourth is not tried")
            return
        }
        #expect(try store.row(Sample.id("c")) == nil)
    }

    // MARK: Migration

    @Test("an outbox of the first schema is carried on with what it holds")
    func migrates() async throws {
        _ = try await store.accept(Sample.request("a"))
        store.close()
        try files.write(
            files.outbox,
            """
            DROP INDEX outbox_refused;
            ALTER TABLE outbox DROP COLUMN refused_at; ALTER TABLE outbox DROP COLUMN refused_reason;
            ALTER TABLE outbox DROP COLUMN pruned_at;
            DELETE FROM grdb_migrations WHERE identifier LIKE '2:%';
            """)
        let again = try files.openOutbox()
        #expect(try again.row(Sample.id("a"))?.content.body == "body of a")
        #expect(try again.row(Sample.id("a"))?.refusedAt == nil)
        #expect(again.usage.bytes > 0)
        #expect(try await again.requeue("a", as: Sample.request("b")).seq == 2)
    }
}
