import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinMailbox

/// Messages whose content is to be fetched, and those behind them.
@Suite struct AwaitedTests {
    let files: TestStores

    init() throws { files = try TestStores() }

    private func enclosed(_ id: String, from sender: UInt8 = 1) -> IncomingMessage {
        var incoming = IncomingMessage.sample(id, from: sender, body: "a reference")
        incoming.message.contentType = Enclosure.contentType
        return incoming
    }

    private func ids(_ store: InboxStore) throws -> [String] {
        try store.page(InboxQuery(limit: 1000, maxBytes: 1 << 24)).rows.map(\.clientMessageID.description)
    }

    /// The row of the first that waits.
    private func head(_ store: InboxStore) throws -> Int64 { try #require(try store.awaitedHeads().first).id }

    @Test("what comes behind one that waits waits too, of its sender and priority, and comes in behind it")
    func order() async throws {
        let store = try InboxStore(path: files.inbox)
        var urgent = IncomingMessage.sample("urgent")
        urgent.message.priority = .now
        var post = IncomingMessage.sample("post")
        post.message.recipient = "#logs"
        let came = try await store.receive([
            .sample("before"), enclosed("large"), .sample("after"), enclosed("larger"), .sample("last"),
            .sample("after", from: 2), urgent, post,
        ])
        #expect(came.map { $0 != nil } == [true, false, false, false, false, true, true, true])
        #expect(try ids(store) == ["before", "after", "urgent", "post"])
        #expect(try store.due().flatMap(\.ids).map(\.description).sorted() == ["after", "before", "urgent"])
        var whole = try #require(try store.awaited(head(store))).incoming
        (whole.message.contentType, whole.message.body) = ("text/plain", "the content")
        let first = try await store.settle(head(store), .arrived(whole))
        #expect(first.arrivals.compactMap(\.row?.body) == ["the content", "body of after"])
        #expect(try ids(store).suffix(2) == ["large", "after"])
        // The next one stops what is behind it again, until it is refused.
        _ = try await store.receive([.sample("latest")])
        #expect(try ids(store).count == 6)
        let second = try await store.settle(head(store), .refused(reason: "enclosure_gone"))
        #expect(second.arrivals.compactMap(\.row?.clientMessageID.description) == ["last", "latest"])
        #expect(try store.awaitedHeads().isEmpty)
        let refused = try store.due().filter { $0.kind == .refused }
        #expect(refused.map(\.reason) == ["enclosure_gone"] && refused[0].ids == [Sample.id("larger")])
        store.close()
    }

    @Test("it is kept once, over a restart and however often it is pushed, and known once it is in the inbox")
    func repeats() async throws {
        var store = try InboxStore(path: files.inbox)
        _ = try await store.receive([enclosed("large"), .sample("after")], from: InboxIntake(store: [1]))
        store.close()
        store = try InboxStore(path: files.inbox)
        _ = try await store.receive([enclosed("large"), .sample("after")], from: InboxIntake(store: [2]))
        #expect(try store.awaitedHeads().count == 1)
        let awaited = try #require(try store.awaited(head(store)))
        #expect(awaited.store == [2], "the store it was said again by")
        #expect(awaited.incoming.message == enclosed("large").message && !awaited.isHistory)
        // Of what waits no refusal is told.
        let late = RefusedMessage(
            sender: awaited.incoming.message.sender, clientMessageID: Sample.id("large"), reason: "expired")
        #expect(try await store.refuse([late]) == [false])
        _ = try await store.settle(awaited.id, .arrived(.sample("large")))
        #expect(try ids(store) == ["large", "after"])
        #expect(try await store.settle(awaited.id, .arrived(.sample("large"))).arrivals.isEmpty, "once")
        _ = try await store.receive([enclosed("large")])
        #expect(try store.awaitedHeads().isEmpty)
        store.close()
    }

    @Test("however many wait behind one, all come in, a part at a time, and nothing new overtakes them")
    func many() async throws {
        let store = try InboxStore(path: files.inbox)
        _ = try await store.receive([enclosed("large")] + (1...600).map { .sample("m\($0)") })
        _ = try await store.settle(head(store), .refused(reason: "enclosure_gone"))
        #expect(try ids(store).count == 256)
        _ = try await store.receive([.sample("m601")])
        while try !store.awaitedHeads().isEmpty { _ = try await store.settle(head(store), .due) }
        #expect(try ids(store) == (1...601).map { "m\($0)" })
        store.close()
    }

    @Test("what comes out of history has its place in the inbox kept, holds up nobody, and is told to nobody")
    func history() async throws {
        try files.empty(files.inbox)
        let store = try InboxStore.open(path: files.inbox, isIndexed: false, now: 1000).store
        let page = RefillPage(
            messages: [.sample("c"), enclosed("b"), .sample("a")], refused: 0, store: [1], before: nil)
        #expect(try await store.refill(page) == 2)
        _ = try await store.receive([.sample("live")])
        #expect(try ids(store) == ["a", "c", "live"])
        let awaited = try #require(try store.awaited(head(store)))
        #expect(awaited.isHistory)
        #expect(try await store.settle(awaited.id, .arrived(.sample("b"))).arrivals.isEmpty)
        #expect(try ids(store) == ["a", "b", "c", "live"])
        #expect(try store.due().flatMap(\.ids) == [Sample.id("live")])
        store.close()
    }
}
