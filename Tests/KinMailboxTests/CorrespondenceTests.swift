import KinEncoding
import KinMailbox
import KinWire
import Testing

@Suite struct CorrespondenceTests {
    let files: TestStores
    let outbox: OutboxStore
    let inbox: InboxStore

    init() throws {
        files = try TestStores()
        outbox = try files.openOutbox()
        inbox = try InboxStore(path: files.inbox)
    }

    private func send(_ id: String, to number: UInt8 = 1, at time: Int64, contentType: String = "text/plain")
        async throws
    {
        let content = OutboxRow.Content(body: id, contentType: contentType)
        _ = try await outbox.accept(Sample.request(id, Sample.lane(number), content: content, at: time))
    }

    private func receive(_ id: String, from number: UInt8 = 1, at time: Int64) async throws {
        let inner = SealedMessage(
            mesh: Sample.mesh, sender: Sample.member(number), senderName: Sample.name("x"),
            recipient: Sample.member(9).description, clientMessageID: Sample.id(id),
            line: [UInt8](repeating: 1, count: 8), seq: 1, priority: .now, createdAt: 900, body: id)
        _ = try await inbox.receive([
            IncomingMessage(
                message: inner, brokerMessageID: 5, senderKey: [UInt8](repeating: 8, count: 32), receivedAt: time)
        ])
    }

    private func all(
        _ to: Correspondence.Side = .everybody, _ from: Correspondence.Side = .everybody, limit: Int = 100,
        maxBytes: Int = 1000
    ) throws -> [[String]] {
        let history = Correspondence(outbox: outbox, inbox: inbox, to: to, from: from)
        var (pages, position) = ([[String]](), Correspondence.Position())
        while true {
            let (entries, next) = try history.page(after: position, limit: limit, maxBytes: maxBytes)
            pages.append(entries.map(\.text))
            guard let next else { return pages }
            position = try #require(Correspondence.Position(next.description))
        }
    }

    @Test("both sides are merged by time, in pages without loss or repeat; or the newest alone")
    func merges() async throws {
        try await send("s1", at: 100)
        try await receive("r1", at: 200)
        try await receive("r2", at: 300)
        try await send("s2", at: 300)
        try await send("s3", at: 500)
        try await receive("r3", at: 400)
        let expected = [">s1", "<r1", ">s2", "<r2", "<r3", ">s3"]
        #expect(try all() == [expected])
        #expect(try all(limit: 4) == [Array(expected.prefix(4)), Array(expected.suffix(2))])
        #expect(try all(limit: 1).flatMap { $0 } == expected)
        #expect(try all(maxBytes: 5).map(\.count) == [2, 2, 2])
        let history = Correspondence(outbox: outbox, inbox: inbox, to: .everybody, from: .everybody)
        for count in 1...7 {
            #expect(try history.newest(count, maxBytes: 1000).map(\.text) == Array(expected.suffix(count)))
        }
    }

    @Test("one side, or one device, is shown alone")
    func sides() async throws {
        try await send("s1", to: 1, at: 100)
        try await send("s2", to: 2, at: 200)
        try await receive("r1", from: 1, at: 300)
        try await receive("r2", from: 2, at: 400)
        let (one, two) = (Correspondence.Side.only(Sample.member(1)), Correspondence.Side.only(Sample.member(2)))
        #expect(try all(one, .none) == [[">s1"]])
        #expect(try all(.none, two) == [["<r2"]])
        #expect(try all(one, one) == [[">s1", "<r1"]])
        #expect(try all(.none, .none) == [[]])
    }

    @Test("what was given up and what the daemon sends on its own account are not shown")
    func hidden() async throws {
        try await send("given-up", at: 100)
        try await send("own", at: 200, contentType: SuccessionBundle.contentType)
        try await send("dead", at: 300)
        _ = try await outbox.drop("given-up")
        outbox.markDead(Sample.id("dead"), reason: "expired")
        await outbox.flush()
        #expect(try all() == [[">dead"]])
    }

    @Test("each side keeps its own order when the clock is set back")
    func clock() async throws {
        try await send("s1", at: 900)
        try await receive("r1", at: 800)
        try await send("s2", at: 100)
        try await receive("r2", at: 850)
        #expect(try all(limit: 3).flatMap { $0 } == ["<r1", "<r2", ">s1", ">s2"])
    }

    @Test(
        "what is no position is none",
        arguments: ["", "1", "1.", ".1", "1.2.3", "-1.0", "a.b", "1.99999999999999999999"])
    func positions(_ text: String) { #expect(Correspondence.Position(text) == nil) }
}

extension Correspondence.Entry {
    var text: String {
        switch self {
        case .sent(let row): ">\(row.content.body)"
        case .received(let row): "<\(row.body)"
        }
    }
}
