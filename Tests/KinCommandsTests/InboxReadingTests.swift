import KinDaemonAPI
import KinWire
import Synchronization
import Testing

@testable import KinCommands

@Suite("Reading and following the inbox")
struct InboxReadingTests {
    private func reading(
        _ source: FixedInbox, since: Int64? = nil, from: String? = nil, limit: Int? = nil
    ) -> InboxReading {
        InboxReading(source: source, since: since, from: from, limit: limit, pause: { _ in })
    }

    /// Follows until the script has no more streams.
    private func followed(_ reading: InboxReading, _ stage: Stage) async -> [Int64] {
        let seen = Mutex<[Int64]>([])
        let output = Output(form: .text, context: stage.context)
        await #expect(throws: CancellationError.self) {
            try await reading.follow(output) { message in seen.withLock { $0.append(message.id) } }
        }
        return seen.withLock { $0 }
    }

    @Test("all pages are read, oldest first")
    func pages() async throws {
        let source = FixedInbox(try (1...5).map { try .sample($0) })
        #expect(try await reading(source).all().map(\.id) == [1, 2, 3, 4, 5])
    }

    @Test(
        "--limit keeps the newest", arguments: [(1, [5]), (3, [3, 4, 5]), (9, [1, 2, 3, 4, 5])] as [(Int, [Int64])])
    func newest(limit: Int, ids: [Int64]) async throws {
        let source = FixedInbox(try (1...5).map { try .sample($0) })
        #expect(try await reading(source, limit: limit).all().map(\.id) == ids)
    }

    @Test("following begins after the last message there is, be there none")
    func start() async throws {
        let stage = try Stage()
        let source = FixedInbox(try (1...3).map { try .sample($0) })
        #expect(await followed(reading(source), stage) == [1, 2, 3])
        #expect(source.asked == [3])
        let empty = FixedInbox([])
        #expect(await followed(reading(empty), stage).isEmpty)
        #expect(empty.asked == [0])
    }

    @Test("what came back into an inbox that was lost is shown, and what comes back later is not taken for new")
    func refilled() async throws {
        let stage = try Stage()
        let source = FixedInbox(
            try [-1, 0].map { try .sample($0) }, streams: [[try .sample(-2), try .sample(9_000)]])
        #expect(await followed(reading(source), stage) == [-1, 0, 9_000])
        #expect(source.asked == [0, 9_000])
        #expect(
            try await reading(FixedInbox(try (-5...2).map { try .sample($0) }), limit: 3).all().map(\.id) == [0, 1, 2])
    }

    @Test("across restarts of the daemon nothing is lost and nothing comes twice")
    func restarts() async throws {
        let stage = try Stage()
        let source = FixedInbox(
            [try .sample(1)],
            streams: [[try .sample(2), try .sample(3)], nil, nil, [try .sample(4)], [], [try .sample(5)]])
        #expect(await followed(reading(source), stage) == [1, 2, 3, 4, 5])
        #expect(source.asked == [1, 3, 3, 3, 4, 4, 5])
    }

    @Test("that the daemon went away is said once, and that it is back once")
    func notes() async throws {
        let stage = try Stage()
        let source = FixedInbox([], streams: [nil, nil, nil, []])
        _ = await followed(reading(source), stage)
        #expect(
            stage.errors.lines == [
                "the daemon went away; waiting for it to come back", "the daemon is back",
                "the daemon went away; waiting for it to come back",
            ])
    }

    @Test("what was not asked for is passed over while following, too")
    func filters() async throws {
        let stage = try Stage()
        let arriving: [InboxMessage] = [
            try .sample(2, from: "kiosk"), try .sample(3, from: "laptop", receivedAt: Stage.now - 1), try .sample(4),
        ]
        let source = FixedInbox([try .sample(1)], streams: [arriving])
        #expect(await followed(reading(source, since: Stage.now, from: "laptop"), stage) == [1, 4])
        // Though not shown, they were seen: the next stream begins behind them.
        #expect(source.asked == [1, 4])
    }

    @Test("a member id chooses a sender as its name does")
    func memberID() async throws {
        let message = try InboxMessage.sample(1)
        let source = FixedInbox([], streams: [[message]])
        #expect(await followed(reading(source, from: message.fromMember.description), try Stage()) == [1])
    }

    @Test("waiting doubles to four seconds, and begins anew after a connection")
    func backoff() async throws {
        let waits = Mutex<[Duration]>([])
        let source = FixedInbox([], streams: Array(repeating: nil, count: 6) + [[]] + [nil])
        let reading = InboxReading(source: source, since: nil, from: nil, limit: nil) { time in
            waits.withLock { $0.append(time) }
        }
        _ = await followed(reading, try Stage())
        #expect(
            waits.withLock { $0 }.map { $0 / .milliseconds(250) } == [1, 2, 4, 8, 16, 16, 1, 2])
    }
}
