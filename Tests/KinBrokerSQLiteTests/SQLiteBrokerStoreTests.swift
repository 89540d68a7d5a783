import Foundation
import GRDB
import KinBroker
import KinEncoding
import KinSQLite
import KinTesting
import KinWire
import Testing

@testable import KinBrokerSQLite

@Suite struct SQLiteBrokerStoreTests {
    @Test("the contract of every broker's store", arguments: BrokerStoreContract.cases, [false, true])
    func contract(promise: BrokerStoreContract.Case, wary: Bool) async throws {
        try await BrokerStoreContract { try SQLiteBrokerStore(path: "\($0)/broker.db") }.check(promise, wary: wary)
    }

    @Test("what a wary batch refuses is never written")
    func waryWritesNothing() async throws {
        let store = try SQLiteBrokerStore(path: path)
        defer { store.close() }
        let mesh = try await store.createMesh(TestWallet().home, now: 1)
        func size() throws -> Int {
            try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int ?? -1
        }
        func refuse(wary: Bool) async throws {
            let sender = ULID(milliseconds: 1, randomness: Array(repeating: 1, count: 10))
            let send = Send(
                clientMessageID: try ClientMessageID("m").orThrow("id"),
                requestFingerprint: [UInt8](repeating: 0, count: 32), line: [UInt8](repeating: 1, count: 8), seq: 1,
                destination: .dm(sender), priority: .next, expiresAt: nil)
            await withCheckedContinuation { continuation in
                store.accept(
                    [Submission(send: send, body: [UInt8](repeating: 1, count: 60_000))], from: sender, in: mesh,
                    wary: wary, now: 1, admit: { _ in .unknownMember }, completion: { _ in continuation.resume() })
            }
        }
        let before = try size()
        try await refuse(wary: true)
        #expect(try size() == before)
        try await refuse(wary: false)
        #expect(try size() > before, "which shows that the measure works")
    }

    let folder: TemporaryFolder
    var path: String { folder.file("broker.db") }

    init() throws { folder = try TemporaryFolder() }

    private func damage(_ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test("a file that a newer version wrote is refused")
    func newerSchema() throws {
        try SQLiteBrokerStore(path: path).close()
        try damage("INSERT INTO grdb_migrations VALUES ('9: from the future')")
        let error = #expect(throws: StoreError.self) { try SQLiteBrokerStore(path: path) }
        #expect(error?.code == .newerSchema)
    }

    @Test(
        "a file of any earlier version gets the tables it lacks, and keeps what it has",
        arguments: BrokerSchema.migrator.migrations)
    func migrates(version: String) async throws {
        let wallet = try TestWallet()
        let queue = try DatabaseQueue(path: path)
        try BrokerSchema.migrator.migrate(queue, upTo: version)
        let (mesh, sender) = ("\(wallet.home)", ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10)))
        try await queue.write { db in
            try db.execute(sql: "INSERT INTO mesh (name, created_at) VALUES (?, 1)", arguments: [mesh])
            try db.execute(
                sql: """
                    INSERT INTO message (mesh, sender, client_message_id, request_fingerprint, kind, ref, priority, line,
                        seq, sent_at, body) VALUES (1, ?1, 'm', x'00', 'dm', ?1, 1, x'0102030405060708', 1, 1, x'01')
                    """, arguments: [sender.description])
        }
        try queue.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let store = try SQLiteBrokerStore(path: path)
        let stored = try store.loadMeshes().first.orThrow("the mesh")
        #expect(
            stored.mesh == wallet.home && stored.handovers.isEmpty && stored.settings == nil && stored.topics.isEmpty)
        let pending = try store.pending(
            for: sender, in: stored.key, priority: .next, topics: [], after: 0, limit: 9, maxBytes: 99)
        #expect(pending.map(\.push.clientMessageID.description) == ["m"] && pending[0].push.epoch == nil)
        #expect(try store.blobUsage() == (0, 0))
        store.close()
    }

    @Test("what was deleted and what is over are found by their index")
    func blobsIndexed() throws {
        try SQLiteBrokerStore(path: path).close()
        let queue = try DatabaseQueue(path: path)
        let plan = try queue.read { db in
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + BrokerSchema.expiredBlobs, arguments: [1, 5])
                .map { String($0["detail"] ?? "") }
        }
        #expect(plan.count == 1 && plan[0].contains("blob_expiry"), "\(plan)")
        try queue.close()
    }

    @Test("a stored chain or mesh that cannot be read is damage, not silence")
    func damagedRows() async throws {
        let store = try SQLiteBrokerStore(path: path)
        let wallet = try TestWallet()
        _ = try await store.createMesh(wallet.home, now: 1)
        store.close()
        try damage("INSERT INTO member VALUES (1, 'x', x'00')")
        try expectCorruptMeshes()
        try damage("DELETE FROM member; INSERT INTO succession VALUES (1, 0, x'00')")
        try expectCorruptMeshes()
        try damage("DELETE FROM succession; INSERT INTO settings VALUES (1, x'00')")
        try expectCorruptMeshes()
        try damage("DELETE FROM settings; UPDATE mesh SET name = 'nobody'")
        try expectCorruptMeshes()
    }

    private func expectCorruptMeshes() throws {
        let store = try SQLiteBrokerStore(path: path)
        let error = #expect(throws: StoreError.self) { try store.loadMeshes() }
        #expect(error?.code == .corrupt)
        store.close()
    }

    @Test("a recipient's log is read by its index, whatever else is stored")
    func indexed() throws {
        try SQLiteBrokerStore(path: path).close()
        let queue = try DatabaseQueue(path: path)
        let plan = try queue.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    EXPLAIN QUERY PLAN SELECT id FROM message
                    WHERE mesh = 1 AND ref = 'x' AND kind = 'dm' AND priority = 0 AND id > 5 ORDER BY id LIMIT 9
                    """
            ).map { String($0["detail"] ?? "") }
        }
        #expect(plan.count == 1 && plan[0].contains("message_log"), "\(plan)")
        try queue.close()
    }

    @Test("history is read by the same index, backwards, without sorting")
    func historyIndexed() throws {
        try SQLiteBrokerStore(path: path).close()
        let queue = try DatabaseQueue(path: path)
        let plan = try queue.read { db in
            try Row.fetchAll(
                db, sql: "EXPLAIN QUERY PLAN " + BrokerSchema.backwards, arguments: [1, "x", "dm", 0, 5, 0]
            )
            .map { String($0["detail"] ?? "") }
        }
        #expect(plan.count == 1, "no second step, which would be a sort: \(plan)")
        #expect(
            plan[0].contains("message_log (mesh=? AND ref=? AND kind=? AND priority=? AND id>? AND id<?)"), "\(plan)")
        try queue.close()
    }
}
