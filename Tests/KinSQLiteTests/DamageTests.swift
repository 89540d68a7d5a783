import Foundation
import GRDB
import KinSQLite
import KinTesting
import Testing

/// Damage that shows while a file is in use.
@Suite struct DamageTests {
    let folder: TemporaryFolder
    var path: String { folder.file("notes.db") }

    init() throws { folder = try TemporaryFolder() }

    private func damaged() async throws -> DurableDatabase {
        let database = try Notes.open(path)
        for turn in 0..<20 {
            let text = "\(turn)" + String(repeating: "x", count: 2_000)
            _ = try await database.writer.write { db in try Notes.add(text)(db) }
        }
        database.close()
        var pages = try DatabasePages(path)
        try pages.zero(pages.first(DatabasePages.tableLeaf, holding: "19xxx"))
        return try Notes.open(path)
    }

    @Test("a read that meets damage tells it, once", arguments: [1, 3])
    func reading(times: Int) async throws {
        let database = try await damaged()
        let told = Observed([StoreError]())
        database.damage.onFirst { error in told.update { $0.append(error) } }
        for _ in 0..<times { #expect(throws: StoreError.self) { try database.read(Notes.texts) } }
        #expect(told.value.map(\.code) == [.corrupt])
        database.close()
    }

    @Test("a write that meets damage tells it, after its caller was told")
    func writing() async throws {
        let database = try await damaged()
        let told = Observed([StoreError]())
        database.damage.onFirst { error in told.update { $0.append(error) } }
        let error = await #expect(throws: StoreError.self) {
            try await database.writer.write { db in try Notes.add("after")(db) }
        }
        #expect(error?.code == .corrupt)
        #expect(try await told.wait { !$0.isEmpty }.map(\.code) == [.corrupt])
        database.close()
    }

    @Test("other failures are no damage")
    func others() async throws {
        let database = try Notes.open(path)
        let told = Observed([StoreError]())
        database.damage.onFirst { error in told.update { $0.append(error) } }
        _ = try? await database.writer.write { db in try db.execute(sql: "INSERT INTO nowhere VALUES (1)") }
        database.close()
        #expect(throws: StoreError.self) { try database.read(Notes.texts) }
        #expect(told.value.isEmpty)
    }

    @Test("files of a database move together, and none is ever replaced")
    func moving() throws {
        for suffix in ["", "-wal", "-shm"] { try Data("a\(suffix)".utf8).write(to: URL(filePath: path + suffix)) }
        let other = folder.file("other.db")
        try Data("b".utf8).write(to: URL(filePath: other + "-shm"))
        let error = #expect(throws: StoreError.self) { try DatabaseFiles(path).move(to: other) }
        #expect(error?.message.contains("is in the way") == true)
        #expect(try Data(contentsOf: URL(filePath: other + "-shm")) == Data("b".utf8))
        try FileManager.default.removeItem(atPath: other + "-shm")
        // What was cut off is finished.
        try DatabaseFiles(path).move(to: other)
        for suffix in ["", "-wal", "-shm"] {
            #expect(try Data(contentsOf: URL(filePath: other + suffix)) == Data("a\(suffix)".utf8))
        }
        #expect(!DatabaseFiles(path).exist && DatabaseFiles(other).exist)
    }

    @Test("a database whose log holds something is no single file")
    func log() throws {
        for suffix in ["", "-wal"] { try Data("a".utf8).write(to: URL(filePath: path + suffix)) }
        #expect(throws: StoreError.self) { try DatabaseFiles(path).becomeOneFile() }
        #expect(try Data(contentsOf: URL(filePath: path + "-wal")) == Data("a".utf8))
    }
}
