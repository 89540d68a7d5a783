import Foundation
import GRDB
import KinSQLite
import KinTesting
import Testing

@Suite struct DurableDatabaseTests {
    let folder: TemporaryFolder
    var path: String { folder.file("notes.db") }

    init() throws { folder = try TemporaryFolder() }

    @Test("commits are synced in full, in WAL mode, on every opening")
    func durability() async throws {
        for _ in 0..<2 {
            let database = try Notes.open(path)
            let synchronous = try await database.writer.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
            let journal = try await database.writer.write { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
            #expect(synchronous == 2, "2 is FULL")
            #expect(journal == "wal")
            database.close()
        }
    }

    @Test("the file and its companions are private")
    func modes() async throws {
        let database = try Notes.open(path)
        _ = try await database.writer.write { db in try Notes.add("a")(db) }
        for suffix in ["", "-wal", "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path + suffix)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(suffix)")
        }
        database.close()
    }

    @Test("reads see the last commit, and go on while a writer is busy")
    func reading() async throws {
        let database = try Notes.open(path)
        _ = try await database.writer.write { db in try Notes.add("a")(db) }
        let (entered, leave) = (Latch(), Latch())
        database.writer.submit { db in
            try Notes.add("b")(db)
            entered.open()
            leave.wait()
        }
        entered.wait()
        #expect(try database.read(Notes.texts) == ["a"])
        leave.open()
        database.close()
        #expect(try Notes.committed(path) == ["a", "b"])
    }

    @Test("a file that a newer version wrote is refused and left alone")
    func newerSchema() throws {
        let newer = try DurableDatabase(path: path, migrator: Notes.laterMigrator)
        newer.close()
        let error = #expect(throws: StoreError.self) { try Notes.open(path) }
        #expect(error?.code == .newerSchema)
        #expect(error?.message.contains("update kin") == true)
        try DurableDatabase(path: path, migrator: Notes.laterMigrator).close()
    }

    @Test("an older file is brought forward with what it holds")
    func migration() async throws {
        let older = try Notes.open(path)
        _ = try await older.writer.write { db in try Notes.add("a")(db) }
        older.close()
        let newer = try DurableDatabase(path: path, migrator: Notes.laterMigrator)
        #expect(try newer.read(Notes.texts) == ["a"])
        #expect(try newer.read { try $0.columns(in: "note").map(\.name) } == ["id", "text", "colour"])
        newer.close()
    }

    @Test("a file that is no database is damaged", arguments: [100, 10_000])
    func garbage(count: Int) throws {
        var generator = SeededGenerator(seed: 8)
        try Notes.open(path).close()
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(generator.bytes(count)))
        let error = #expect(throws: StoreError.self) { try Notes.open(path) }
        #expect(error?.code == .corrupt)
        #expect(error?.code.rawValue == "store_corrupt")
    }

    @Test("damage inside the file is found when integrity is checked")
    func damagedPages() async throws {
        let database = try Notes.open(path)
        for turn in 0..<50 {
            let text = "\(turn)" + String(repeating: "x", count: 2_000)
            _ = try await database.writer.write { db in try Notes.add(text)(db) }
        }
        database.close()
        try Notes.open(path, checkingIntegrity: true).close()
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.seek(toOffset: 4096 * 6)
        try file.write(contentsOf: Data(repeating: 0x55, count: 4096 * 8))
        try file.close()
        let error = #expect(throws: StoreError.self) { try Notes.open(path, checkingIntegrity: true) }
        #expect(error?.code == .corrupt)
    }

    @Test("a file that was cut to nothing is damaged where integrity is checked, not new")
    func emptied() throws {
        try Notes.open(path, checkingIntegrity: true).close()
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.truncate(atOffset: 0)
        try file.close()
        let error = #expect(throws: StoreError.self) { try Notes.open(path, checkingIntegrity: true) }
        #expect(error?.code == .corrupt)
    }

    @Test("a new file has its name when it is whole, so that a crash leaves none that holds nothing")
    func begun() throws {
        // The file cannot be made.
        try FileManager.default.createDirectory(atPath: path + ".new", withIntermediateDirectories: false)
        #expect(throws: StoreError.self) { try Notes.open(path, checkingIntegrity: true) }
        #expect(!FileManager.default.fileExists(atPath: path))
        try FileManager.default.removeItem(atPath: path + ".new")
        // A crash left a part of one.
        try Data("begun".utf8).write(to: URL(filePath: path + ".new"))
        try Notes.open(path, checkingIntegrity: true).close()
        #expect(!FileManager.default.fileExists(atPath: path + ".new"))
        try Notes.open(path, checkingIntegrity: true).close()
    }

    @Test("once closed, the one file holds everything")
    func copied() async throws {
        let database = try Notes.open(path)
        _ = try await database.writer.write { db in try Notes.add("a")(db) }
        database.close()
        try FileManager.default.copyItem(atPath: path, toPath: folder.file("copy.db"))
        #expect(try Notes.committed(folder.file("copy.db")) == ["a"])
    }

    @Test("a read under way ends before the file is closed; a later one is refused")
    func closingWhileReading() async throws {
        for _ in 0..<50 {
            let database = try Notes.open(path)
            let failures = await withTaskGroup(of: StoreError.Code?.self) { group in
                for _ in 0..<4 { group.addTask { Self.readUntilRefused(database) } }
                database.close()
                return await group.reduce(into: [StoreError.Code?]()) { $0.append($1) }
            }
            #expect(failures.allSatisfy { $0 == .closed })
        }
    }

    private static func readUntilRefused(_ database: DurableDatabase) -> StoreError.Code? {
        do {
            while true { _ = try database.read(Notes.texts) }
        } catch {
            return (error as? StoreError)?.code
        }
    }

    @Test("nothing is said to be written once the file was removed or replaced", arguments: [false, true])
    func removed(isReplaced: Bool) async throws {
        let database = try Notes.open(path)
        _ = try await database.writer.write { db in try Notes.add("a")(db) }
        try FileManager.default.removeItem(atPath: path)
        if isReplaced { try Data().write(to: URL(filePath: path)) }
        let error = await #expect(throws: StoreError.self) {
            try await database.writer.write { db in try Notes.add("b")(db) }
        }
        #expect(error?.code == .unavailable && error?.message.contains("removed or replaced") == true)
        database.close()
    }

    @Test("a file that others can read is refused, not repaired", arguments: [0o644, 0o640, 0o604])
    func loose(mode: Int) throws {
        try Notes.open(path).close()
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        let error = #expect(throws: StoreError.self) { try Notes.open(path) }
        #expect(error?.code == .unavailable && error?.message.contains("chmod 600 \(path)") == true)
    }

    @Test("a place where no file can be is unavailable")
    func unavailable() throws {
        for path in [folder.file("none/notes.db"), folder.path] {
            let error = #expect(throws: StoreError.self) { try Notes.open(path) }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains(path) == true)
        }
    }
}
