import Foundation
import GRDB
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinMailbox

@Suite struct OutboxRecoveryTests {
    let files: TestStores
    static let count = 300
    static let newLine = [UInt8](repeating: 7, count: 8)

    init() throws { files = try TestStores() }

    /// 300 messages for two recipients: 60 sent, of which 30 have arrived, 5 dead, 5 given up, the rest waits.
    private static let filled = Task<Data, any Error> {
        let files = try TestStores()
        let store = try files.openOutbox(line: 3)
        let requests = (1...count).map { Sample.request("m\($0)", Sample.lane(UInt8($0 % 2))) }
        for outcome in await store.accept(requests, committed: { _ in }) { _ = try outcome.get() }
        let acks = (1...60).map { Ack(clientMessageID: Sample.id("m\($0)"), brokerMessageID: $0, duplicate: false) }
        store.markRelayed(acks, at: 2000)
        for lane in [UInt8(0), 1] {
            let ids = (1...30).filter { UInt8($0 % 2) == lane }.map { Sample.id("m\($0)") }
            _ = await store.apply(Receipt(kind: .delivered, ids: ids, at: 3000), from: lane)
        }
        for number in 61...65 { store.markDead(Sample.id("m\(number)"), reason: "expired") }
        for number in 66...70 { _ = try await store.drop("m\(number)") }
        await moved(store, to: [UInt8](repeating: 5, count: 16))
        store.close()
        return try Data(contentsOf: URL(filePath: files.outbox))
    }

    func fill() async throws {
        let content = try await Self.filled.value
        _ = FileManager.default.createFile(
            atPath: files.outbox, contents: content, attributes: [.posixPermissions: 0o600])
    }

    private static func moved(_ store: OutboxStore, to broker: [UInt8]) async {
        await withCheckedContinuation { continuation in
            store.moved(to: broker, lastMessageID: 1000, notBefore: 0) { _ in continuation.resume() }
        }
    }

    func recover(
        startAfresh: Bool = false, passed: @escaping @Sendable (OutboxRecovery.Step) throws -> Void = { _ in }
    ) throws -> OutboxRecovery.Outcome {
        try OutboxRecovery(files.outbox, now: 1_795_255_392_000, line: Self.newLine, passed: passed)
            .run(startAfresh: startAfresh)
    }

    func report(startAfresh: Bool = false) throws -> OutboxRecovery.Report {
        guard case .recovered(let report) = try recover(startAfresh: startAfresh) else {
            throw MissingValue("a recovery")
        }
        return report
    }

    /// What must be as it was: by id, its content, state and times.
    private func facts() throws -> [String: String] {
        let sql = """
            SELECT client_message_id, id, hex(request_fingerprint) || kind || ref || priority || hex(payload) || status ||
                enqueued_at || ifnull(last_error, '-') || ifnull(relayed_at, '-') || ifnull(delivered_at, '-') ||
                ifnull(broker_message_id, '-') || ifnull(aborted_by, '-') || id AS facts FROM outbox NOT INDEXED
            """
        return try Dictionary(files.read(files.outbox, sql) { ($0["client_message_id"], $0["facts"]) }) { $1 }
    }

    func zero(_ type: UInt8, holding text: String) throws {
        var pages = try DatabasePages(files.outbox)
        try pages.zero(pages.first(type, holding: text))
    }

    /// What stands beside the outbox.
    func names() throws -> [String] {
        let folder = URL(filePath: files.outbox).deletingLastPathComponent().path
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0.hasPrefix("outbox.db.") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
        }.sorted()
    }

    // MARK: Sound

    @Test("a sound outbox is left as it is, to the byte, and none is none")
    func sound() async throws {
        #expect(try recover() == .none)
        try await fill()
        let before = try Data(contentsOf: URL(filePath: files.outbox))
        #expect(try recover(startAfresh: true) == .sound(messages: Self.count))
        #expect(try Data(contentsOf: URL(filePath: files.outbox)) == before)
        #expect(try names().isEmpty)
    }

    @Test("an outbox of a newer kin is left alone, damaged or not", arguments: [false, true])
    func newer(isDamaged: Bool) async throws {
        try await fill()
        try files.write(files.outbox, "ALTER TABLE outbox ADD COLUMN colour TEXT")
        if isDamaged { try zero(DatabasePages.tableLeaf, holding: "body of m150\"") }
        let before = try Data(contentsOf: URL(filePath: files.outbox))
        let error = #expect(throws: KinError.self) { try recover(startAfresh: true) }
        #expect(error?.code == "store_newer_schema")
        #expect(try Data(contentsOf: URL(filePath: files.outbox)) == before)
    }

    // MARK: Damages

    @Test("a lost page in the middle costs its rows alone: which, is known, and what waited is said to have failed")
    func leaf() async throws {
        try await fill()
        let before = try facts()
        try zero(DatabasePages.tableLeaf, holding: "body of m150\"")
        #expect(throws: KinError.self) { _ = try files.openOutbox() }
        let report = try report()
        let lost = Set(report.lost.map(\.id.description))
        #expect(lost.contains("m150") && (2...60).contains(lost.count) && report.lostCount == lost.count)
        #expect(!report.isLowerBound && report.savedCount == Self.count - lost.count)
        #expect(report.saved[.done] == 60 && report.saved[.dead] == 5 && report.saved[.aborted] == 5)
        let after = try facts()
        #expect(after.filter { !lost.contains($0.key) } == before.filter { !lost.contains($0.key) })
        let store = try files.openOutbox()
        for id in lost {
            let row = try #require(try store.row(Sample.id(id)))
            #expect(row.status == .dead && row.lastError == "lost" && row.prunedAt != nil)
            let number = try Int(id.dropFirst()).orThrow(id)
            #expect(row.lane == Sample.lane(UInt8(number % 2)))
            guard case .conflict = try await store.accept(Sample.request(id)) else {
                Issue.record("\(id) is free again")
                return
            }
        }
        store.close()
        #expect(try recover() == .sound(messages: Self.count))
    }

    @Test("a lost row that did not wait keeps its id and bothers nobody")
    func finished() async throws {
        try await fill()
        try zero(DatabasePages.tableLeaf, holding: "body of m10\"")
        let report = try report()
        #expect(report.lost.allSatisfy { $0.lane == nil } && !report.lost.isEmpty)
        let store = try files.openOutbox()
        #expect(try store.row(Sample.id("m10"))?.status == .aborted)
        #expect(try store.depth().dead == 5)
        store.close()
    }

    @Test("what waits is numbered anew in its order on a line of its own, and new messages come after it")
    func numbers() async throws {
        try await fill()
        try zero(DatabasePages.tableLeaf, holding: "body of m150\"")
        _ = try report()
        let store = try files.openOutbox(line: 1)
        #expect(store.line == Self.newLine)
        for lane in [Sample.lane(0), Sample.lane(1)] {
            let rows = try store.pending(in: lane, after: 0, limit: 1000)
            #expect(rows.map(\.id) == rows.map(\.id).sorted() && rows.count > 50)
            #expect(rows.map(\.seq) == Array((rows.first?.seq ?? 0)..<(rows.first?.seq ?? 0) + Int64(rows.count)))
            #expect(rows.allSatisfy { $0.line == Self.newLine })
        }
        let last = try store.pending(in: Sample.lane(1), after: 0, limit: 1000).last
        let row = try await store.accept(Sample.request("new", Sample.lane(1))).row
        #expect(row.seq == (last?.seq ?? 0) + 1 && row.id > Int64(Self.count) && row.line == Self.newLine)
        store.close()
    }

    @Test("what was relayed and did not arrive goes again to another store, in its order among what waits")
    func reopened() async throws {
        try await fill()
        try zero(DatabasePages.tableLeaf, holding: "body of m250\"")
        _ = try report()
        let store = try files.openOutbox()
        await Self.moved(store, to: [UInt8](repeating: 5, count: 16))
        #expect(try store.row(Sample.id("m50"))?.status == .done, "the store is the same")
        await Self.moved(store, to: [UInt8](repeating: 6, count: 16))
        let rows = try store.pending(in: Sample.lane(0), after: 0, limit: 1000)
        #expect(rows.first?.clientMessageID == Sample.id("m32"))
        #expect(rows.map(\.id) == rows.map(\.id).sorted() && Set(rows.map(\.seq)).count == rows.count)
        store.close()
    }

    enum Damage: String, CaseIterable {
        case idIndex, waitingIndex, freelist, noIdentity, noLanes, lanesBehind
    }

    private func make(_ damage: Damage) throws {
        switch damage {
        case .idIndex: try zero(DatabasePages.indexLeaf, holding: "m150")
        case .waitingIndex:
            let root = try files.read(files.outbox, "SELECT rootpage FROM sqlite_master WHERE name = 'outbox_pending'")
            {
                $0[0] as Int
            }
            var pages = try DatabasePages(files.outbox)
            try pages.zero(root.first.orThrow("the index's page"))
        case .freelist:
            try files.write(
                files.outbox, "CREATE TABLE big (x); INSERT INTO big VALUES (zeroblob(50000)); DROP TABLE big")
            var pages = try DatabasePages(files.outbox)
            // The number of free pages (file format, section 1.3).
            try pages.overwrite(36, with: [0, 0, 0, 99])
        case .noIdentity: try files.write(files.outbox, "DELETE FROM identity")
        case .noLanes: try files.write(files.outbox, "DELETE FROM lane")
        case .lanesBehind: try files.write(files.outbox, "UPDATE lane SET last_seq = 3")
        }
    }

    @Test("damage beside the messages costs none", arguments: Damage.allCases)
    func beside(_ damage: Damage) async throws {
        try await fill()
        let before = try facts()
        try make(damage)
        let report = try report()
        #expect(report.savedCount == Self.count && report.lostCount == 0 && !report.isLowerBound)
        #expect(try facts() == before)
        #expect(try recover() == .sound(messages: Self.count))
    }

    @Test("a store that cannot be known is another one: what is not known to have arrived goes out again")
    func unknownStore() async throws {
        try await fill()
        try make(.noIdentity)
        _ = try report()
        let store = try files.openOutbox()
        await Self.moved(store, to: [UInt8](repeating: 5, count: 16))
        #expect(try store.row(Sample.id("m50"))?.status == .pending)
        #expect(try store.row(Sample.id("m20"))?.status == .done, "it arrived")
        store.close()
    }

    @Test(
        "a row that holds what was never written there is left out and counted",
        arguments: [
            "payload = 'x'", "payload = CAST('{}' AS BLOB)", "status = 'sent'", "priority = 9", "priority = 'high'",
            "enqueued_at = 'soon'", "enqueued_at = -1", "request_fingerprint = zeroblob(31)",
            "request_fingerprint = 5", "seq = 0.5", "ref = 'nobody'", "attempts = x'00'", "expires_at = 1.5",
            "last_error = x'00'",
        ])
    func row(damage: String) async throws {
        try await fill()
        try files.write(files.outbox, "UPDATE outbox SET \(damage) WHERE client_message_id = 'm200'")
        let report = try report()
        #expect(report.lost.map(\.id) == [Sample.id("m200")] && report.lostCount == 1 && !report.isLowerBound)
        #expect(report.savedCount == Self.count - 1)
    }

    @Test("where both a row and its index are gone the others are saved, and what is lost is at least what is known")
    func both() async throws {
        // Long ids, so that their index has several pages.
        let tail = "-" + String(repeating: "x", count: 50)
        let filling = try files.openOutbox()
        let requests = (1...Self.count).map { Sample.request("m\($0)" + tail, content: .init(body: "body of m\($0)")) }
        for outcome in await filling.accept(requests, committed: { _ in }) { _ = try outcome.get() }
        filling.close()
        for text in ["body of m100\"", "body of m200\""] { try zero(DatabasePages.tableLeaf, holding: text) }
        try zero(DatabasePages.indexLeaf, holding: "m200-")
        let report = try report()
        let missing = Self.count - report.savedCount
        #expect(report.isLowerBound && report.lostCount == missing, "by the numbers that were given")
        let lost = Set(report.lost.map { $0.id.description.prefix { $0 != "-" } })
        #expect(lost.isSuperset(of: ["m100", "m99"]) && !lost.contains("m200"), "from both ends of the index")
        #expect(try recover() == .sound(messages: report.savedCount + report.lost.count))
    }

    @Test("a position that was given is not given again, though neither row nor index tells of it")
    func positions() async throws {
        try await fill()
        try zero(DatabasePages.tableLeaf, holding: "body of m300\"")
        try zero(DatabasePages.indexLeaf, holding: "m300")
        let report = try report()
        #expect(report.isLowerBound && report.lost.isEmpty && report.savedCount < Self.count)
        #expect(report.lostCount == Self.count - report.savedCount)
        let store = try files.openOutbox()
        #expect(try await store.accept(Sample.request("new")).row.id == Int64(Self.count) + 1)
        store.close()
    }

    @Test("an outbox of an older kin is saved too, and lacks nothing then")
    func older() async throws {
        let queue = try DatabaseQueue(path: files.outbox)
        try OutboxSchema.migrator { [UInt8](repeating: 3, count: 8) }.migrate(queue, upTo: "1: outbox, lanes, identity")
        try await queue.write { db in
            for number in 1...50 {
                try db.execute(
                    sql: """
                        INSERT INTO outbox (client_message_id, request_fingerprint, kind, ref, priority, line, seq, payload,
                            enqueued_at, status) VALUES (?, zeroblob(32), 'dm', ?, 1, zeroblob(8), ?, ?, 1000, 'pending')
                        """,
                    arguments: [
                        "m\(number)", Sample.member(1).description, number,
                        Data(OutboxRow.Content(body: "body of m\(number)").payload),
                    ])
            }
        }
        try queue.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: files.outbox)
        let report = try report()
        #expect(report.savedCount == 50 && report.lostCount == 0)
        let store = try files.openOutbox()
        #expect(
            try store.pending(in: Sample.lane(), after: 0, limit: 100).map(\.refusedAt)
                == Array(repeating: nil, count: 50))
        store.close()
    }

    @Test("of a file that was cut off what is left is saved, and what is lost may be more than is known")
    func truncated() async throws {
        try await fill()
        let before = try facts()
        var pages = try DatabasePages(files.outbox)
        try pages.truncate(to: pages.count / 2)
        let left = (1...Self.count).filter {
            (try? pages.first(DatabasePages.tableLeaf, holding: "body of m\($0)\"")) != nil
        }
        let report = try report()
        #expect(report.savedCount == left.count && left.count > 30 && report.lostCount > 0)
        #expect(report.savedCount + report.lostCount == Self.count || report.isLowerBound)
        let after = try facts()
        let lost = Set(report.lost.map(\.id.description))
        for (id, facts) in after where !lost.contains(id) { #expect(facts == before[id]) }
    }

    @Test(
        "where no message can be read nothing happens unless asked, and then an empty outbox begins beside the damaged file"
    )
    func header() async throws {
        try await fill()
        var pages = try DatabasePages(files.outbox)
        var generator = SeededGenerator(seed: 4)
        try pages.overwrite(0, with: generator.bytes(100))
        let damaged = try Data(contentsOf: URL(filePath: files.outbox))
        let error = #expect(throws: KinError.self) { try recover() }
        #expect(error?.code == "nothing_readable" && error?.message.contains("--start-afresh") == true)
        #expect(try Data(contentsOf: URL(filePath: files.outbox)) == damaged)
        #expect(try names().isEmpty)
        let report = try report(startAfresh: true)
        #expect(report.savedCount == 0 && report.isLowerBound)
        #expect(try Data(contentsOf: URL(filePath: report.damagedFile)) == damaged)
        let store = try files.openOutbox()
        #expect(try await store.accept(Sample.request("m1")).row.seq == 1)
        #expect(try files.mode(files.outbox) == 0o600)
        store.close()
    }

    @Test("where the table's first page is gone the ids are known still, and keep")
    func root() async throws {
        try await fill()
        let root = try files.read(files.outbox, "SELECT rootpage FROM sqlite_master WHERE name = 'outbox'") {
            $0[0] as Int
        }
        var pages = try DatabasePages(files.outbox)
        try pages.zero(root.first.orThrow("the table's page"))
        #expect(throws: KinError.self) { try recover() }
        let report = try report(startAfresh: true)
        #expect(report.savedCount == 0 && report.lostCount == Self.count && !report.isLowerBound)
        #expect(report.lost.count { $0.lane != nil } == Self.count - 70)
    }

    @Test("a log of garbage says nothing: the file without it is sound")
    func garbageLog() async throws {
        try await fill()
        let store = try files.openOutbox()
        _ = try await store.accept(Sample.request("late"))
        let copy = try TestStores()
        try FileManager.default.copyItem(atPath: files.outbox, toPath: copy.outbox)
        var generator = SeededGenerator(seed: 4)
        let garbage = Data(generator.bytes(20_000))
        try garbage.write(to: URL(filePath: copy.outbox + "-wal"))
        store.close()
        let recovery = OutboxRecovery(copy.outbox, now: 1, line: Self.newLine)
        #expect(try recovery.run(startAfresh: false) == .sound(messages: Self.count))
    }

    @Test("what only the log holds is saved too, and the log is kept with its file")
    func log() async throws {
        try await fill()
        let store = try files.openOutbox()
        _ = try await store.accept(Sample.request("late"))
        let copy = try TestStores()
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: files.outbox + suffix, toPath: copy.outbox + suffix)
        }
        store.close()
        var pages = try DatabasePages(copy.outbox)
        try pages.zero(pages.first(DatabasePages.tableLeaf, holding: "body of m150\""))
        let (damaged, log) = (copy.outbox, try Data(contentsOf: URL(filePath: copy.outbox + "-wal")))
        let file = try Data(contentsOf: URL(filePath: damaged))
        guard
            case .recovered(let report) = try OutboxRecovery(copy.outbox, now: 1, line: Self.newLine).run(
                startAfresh: false)
        else { throw MissingValue("a recovery") }
        #expect(report.savedCount + report.lostCount == Self.count + 1)
        let again = try copy.openOutbox()
        #expect(try again.row(Sample.id("late"))?.status == .pending)
        again.close()
        #expect(try Data(contentsOf: URL(filePath: report.damagedFile)) == file)
        #expect(try Data(contentsOf: URL(filePath: report.damagedFile + "-wal")) == log)
    }

    @Test(
        "where the disk has no room for a second outbox the damaged one stays as it is",
        .enabled(if: SmallDisk.isAvailable))
    func fullDisk() async throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        let path = disk.file("outbox.db")
        _ = FileManager.default.createFile(
            atPath: path, contents: try await Self.filled.value, attributes: [.posixPermissions: 0o600])
        var pages = try DatabasePages(path)
        try pages.zero(pages.first(DatabasePages.tableLeaf, holding: "body of m150\""))
        let damaged = try Data(contentsOf: URL(filePath: path))
        // What reading the file needs is there.
        try Data().write(to: URL(filePath: path + "-wal"))
        try disk.occupy(bytes: (1 << 20) - damaged.count - 150_000)
        let recovery = OutboxRecovery(path, now: 1, line: Self.newLine)
        let error = #expect(throws: KinError.self) { try recovery.run(startAfresh: false) }
        #expect(error?.code == "storage_full" && error?.message.contains("run it again") == true)
        #expect(try Data(contentsOf: URL(filePath: path)) == damaged)
        try disk.release()
        guard case .recovered(let report) = try recovery.run(startAfresh: false) else {
            throw MissingValue("a recovery")
        }
        #expect(report.savedCount > 200)
    }

    @Test("a letter of an id that is another one neither frees the id nor sends its message twice")
    func letter() async throws {
        try await fill()
        let written = Data("m150".utf8) + Data(repeating: 1, count: 32) + Data("dm".utf8)
        let place = try #require(try Data(contentsOf: URL(filePath: files.outbox)).range(of: written))
        var pages = try DatabasePages(files.outbox)
        try pages.overwrite(place.lowerBound, with: Array("m1Z0".utf8))
        let report = try report()
        #expect(report.lost.map(\.id) == [Sample.id("m150")] && report.lostCount == 1 && !report.isLowerBound)
        #expect(report.savedCount == Self.count - 1)
        let store = try files.openOutbox()
        #expect(try store.row(Sample.id("m150"))?.status == .dead && store.row(Sample.id("m150"))?.id == 150)
        let read = try #require(try store.row(Sample.id("m1Z0")))
        #expect(read.status == .aborted && read.id > Int64(Self.count), "it may be the true one")
        for id in ["m150", "m1Z0"] {
            guard case .conflict = try await store.accept(Sample.request(id)) else {
                Issue.record("\(id) is free again")
                return
            }
        }
        store.close()
        #expect(try recover() == .sound(messages: Self.count + 1))
    }

    @Test("positions that were given are not given again where no row and no id is left")
    func nothingLeft() async throws {
        try await fill()
        let roots = try files.read(files.outbox, "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'outbox'") {
            $0[0] as Int
        }
        var pages = try DatabasePages(files.outbox)
        for root in roots { try pages.zero(root) }
        #expect(try report(startAfresh: true).savedCount == 0)
        let store = try files.openOutbox()
        #expect(try await store.accept(Sample.request("new")).row.id == Int64(Self.count) + 1)
        store.close()
    }

    @Test("an outbox that was cut to nothing is damaged, not new, and keeps its log")
    func emptied() async throws {
        try await fill()
        try files.empty(files.outbox)
        let log = Data("what was written last".utf8)
        try log.write(to: URL(filePath: files.outbox + "-wal"))
        let refusal = #expect(throws: KinError.self) { try files.openOutbox() }
        #expect(refusal?.code == "store_corrupt" && refusal?.message.contains("kin daemon recover") == true)
        let error = #expect(throws: KinError.self) { try recover() }
        #expect(error?.code == "nothing_readable")
        let report = try report(startAfresh: true)
        #expect(report.savedCount == 0 && report.isLowerBound)
        #expect(try Data(contentsOf: URL(filePath: report.damagedFile + "-wal")) == log)
        try files.openOutbox().close()
    }
}
