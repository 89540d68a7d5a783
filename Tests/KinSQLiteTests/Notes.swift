import GRDB
import KinSQLite
import KinTesting

/// A table of texts, the smallest database there is.
enum Notes {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)")
        }
        return migrator
    }

    /// As a later version of the program has it.
    static var laterMigrator: DatabaseMigrator {
        var migrator = Notes.migrator
        migrator.registerMigration("2") { db in try db.execute(sql: "ALTER TABLE note ADD COLUMN colour TEXT") }
        return migrator
    }

    static func open(_ path: String, checkingIntegrity: Bool = false) throws -> DurableDatabase {
        try DurableDatabase(path: path, migrator: migrator, checkingIntegrity: checkingIntegrity)
    }

    static func add(_ text: String) -> GroupCommit.Work {
        { db in try db.execute(sql: "INSERT INTO note (text) VALUES (?)", arguments: [text]) }
    }

    static func texts(_ db: Database) throws -> [String] {
        try String.fetchAll(db, sql: "SELECT text FROM note ORDER BY id")
    }

    /// What a connection of its own sees: only what is committed.
    static func committed(_ path: String) throws -> [String] {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.read(texts)
    }
}
