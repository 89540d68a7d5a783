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

    @Test("a file from before successions were known gets their table, and keeps what it has")
    func migratesSuccessions() async throws {
        let store = try SQLiteBrokerStore(path: path)
        let wallet = try TestWallet()
        let key = try await store.createMesh(wallet.home, now: 1)
        store.close()
        try damage(
            """
            DROP TABLE blob; DROP TABLE settings; DROP TABLE succession;
            DELETE FROM grdb_migrations WHERE identifier NOT LIKE '1:%'
            """)
        let migrated = try SQLiteBrokerStore(path: path)
        let mesh = try migrated.loadMeshes().first.orThrow("the mesh")
        #expect(mesh.key == key && mesh.handovers.isEmpty)
        migrated.close()
    }

    @Test("a file from before settings were known gets their table, and keeps what it has")
    func migratesSettings() async throws {
        let store = try SQLiteBrokerStore(path: path)
        let key = try await store.createMesh(TestWallet().home, now: 1)
        store.close()
        try damage(
            """
            DROP TABLE blob; DROP TABLE settings;
            DELETE FROM grdb_migrations WHERE identifier LIKE '3:%' OR identifier LIKE '4:%'
            """)
        let migrated = try SQLiteBrokerStore(path: path)
        let mesh = try migrated.loadMeshes().first.orThrow("the mesh")
        #expect(mesh.key == key && mesh.settings == nil)
        migrated.close()
    }

    @Test("a file from before blobs were known gets their table, and keeps what it has")
    func migratesBlobs() async throws {
        let store = try SQLiteBrokerStore(path: path)
        let key = try await store.createMesh(TestWallet().home, now: 1)
        store.close()
        try damage("DROP TABLE blob; DELETE FROM grdb_migrations WHERE identifier LIKE '4:%'")
        let migrated = try SQLiteBrokerStore(path: path)
        #expect(try migrated.loadMeshes().map(\.key) == [key])
        #expect(try migrated.blobUsage() == (0, 0))
        migrated.close()
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
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + BrokerSchema.backwards, arguments: [1, "x", 0, 5])
                .map { String($0["detail"] ?? "") }
        }
        #expect(plan.count == 1, "no second step, which would be a sort: \(plan)")
        #expect(plan[0].contains("message_log (mesh=? AND ref=? AND kind=? AND priority=? AND id<?)"), "\(plan)")
        try queue.close()
    }
}
