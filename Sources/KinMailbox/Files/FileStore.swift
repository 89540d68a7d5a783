import Foundation
import GRDB
import KinEncoding
import KinSQLite
import KinWire

/// The files one daemon shares: what was accepted goes on after any crash.
public final class FileStore: Sendable {
    /// A finished share is shown for 46 days.
    static let keptFor: Int64 = 46 * 86_400_000

    private let database: DurableDatabase

    /// Opens or creates `files.db`. A damaged one is set aside: what is in it can be shared again from the files themselves.
    /// - Parameter now: milliseconds.
    /// - Returns: the store, and where the damaged file is now.
    public static func open(path: String, now: Int64) throws -> (store: FileStore, setAside: String?) {
        do {
            return (try FileStore(path: path), nil)
        } catch let error as StoreError {
            guard error.code == .corrupt else { throw KinError(error) }
            let aside = "\(path).corrupt-\(now)"
            do {
                try DatabaseFiles(path).move(to: aside)
                return (try FileStore(path: path), aside)
            } catch let error as StoreError {
                throw KinError(error)
            }
        }
    }

    private init(path: String) throws {
        database = try DurableDatabase(path: path, migrator: Self.migrator, checkingIntegrity: true)
    }

    public func close() { database.close() }

    /// - Parameter handler: called once, with the first damage that a read or write meets; from any thread.
    public func onDamage(_ handler: @escaping @Sendable (KinError) -> Void) {
        database.damage.onFirst { handler(KinError($0)) }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: shares") { db in
            try db.execute(
                sql: """
                    CREATE TABLE share (
                        id TEXT PRIMARY KEY NOT NULL, recipient TEXT NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL,
                        device INTEGER NOT NULL, inode INTEGER NOT NULL, modified_at INTEGER NOT NULL,
                        name TEXT NOT NULL, key BLOB NOT NULL, sha256 BLOB, media_type TEXT, message TEXT,
                        persistent INTEGER NOT NULL, status TEXT NOT NULL, created_at INTEGER NOT NULL,
                        attempts INTEGER NOT NULL, next_attempt_at INTEGER, last_error TEXT, expires_at INTEGER,
                        uploaded_at INTEGER, finished_at INTEGER) WITHOUT ROWID;
                    CREATE INDEX share_waiting ON share (created_at) WHERE status = 'waiting';
                    """)
        }
        migrator.registerMigration("2: the server's store") { db in
            try db.execute(
                sql: "CREATE TABLE server (mesh TEXT NOT NULL, store BLOB NOT NULL, last_message_id INTEGER NOT NULL)")
        }
        return migrator
    }

    // MARK: Writing

    /// Takes a share: on disk when it returns.
    public func add(_ row: ShareRow) async throws { try await write { try row.insert($0) } }

    /// Changes a share, on disk when it returns.
    /// - Parameter body: returns whether to change it.
    /// - Returns: the row as it is then; nil where there is none.
    @discardableResult
    public func change(_ id: ULID, _ body: @escaping @Sendable (inout ShareRow) -> Bool) async throws -> ShareRow? {
        try await write { db in
            guard let before = try ShareRow.find(id, db) else { return nil }
            var row = before
            guard body(&row) else { return before }
            try row.insert(db)
            return row
        }
    }

    /// The server has the store of this identity. If it is another than before, or an older copy of it was put back, what it kept of this device's files may be
    /// gone, and they are brought again.
    /// - Parameters:
    ///   - lastMessageID: the highest id the store has given.
    ///   - now: milliseconds.
    /// - Returns: how many.
    public func moved(to store: [UInt8], of mesh: MeshID, lastMessageID: Int64, now: Int64) async throws -> Int {
        try await write { db in
            let known = try Row.fetchOne(db, sql: "SELECT mesh, store, last_message_id FROM server")
            let (before, there, last): (String?, Data?, Int64?) = (
                known?["mesh"], known?["store"], known?["last_message_id"]
            )
            try db.execute(sql: "DELETE FROM server")
            try db.execute(
                sql: "INSERT INTO server (mesh, store, last_message_id) VALUES (?, ?, ?)",
                arguments: [mesh.description, Data(store), lastMessageID])
            // Those of a mesh before are sealed for that one.
            guard before == mesh.description, there != Data(store) || lastMessageID < last ?? 0 else { return 0 }
            try db.execute(
                sql: """
                    UPDATE share SET status = 'waiting', attempts = 0, next_attempt_at = NULL, finished_at = ?
                    WHERE status = 'sent' AND length(key) > 0 AND (expires_at IS NULL OR expires_at > ?)
                    """, arguments: [now, now])
            return db.changesCount
        }
    }

    /// Forgets what was finished long ago, and the keys of what is at the server no more.
    public func keep(now: Int64) async throws {
        try await write { db in
            try db.execute(
                sql: "UPDATE share SET key = x'' WHERE status = 'sent' AND length(key) > 0 AND expires_at <= ?",
                arguments: [now])
            try db.execute(
                sql: "DELETE FROM share WHERE status <> 'waiting' AND coalesce(finished_at, created_at) < ?",
                arguments: [now - Self.keptFor])
        }
    }

    // MARK: Reading

    public func row(_ id: ULID) throws -> ShareRow? { try read { try ShareRow.find(id, $0) } }

    /// Shares that are not finished, the oldest first.
    public func waiting() throws -> [ShareRow] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM share WHERE status = 'waiting' ORDER BY created_at, id")
                .map { try ShareRow($0) }
        }
    }

    /// The newest by id, below `id` where one is given.
    public func newest(below id: ULID?, limit: Int) throws -> [ShareRow] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM share WHERE id < ? ORDER BY id DESC LIMIT ?",
                arguments: [id?.description ?? "~", limit]
            ).map { try ShareRow($0) }
        }
    }

    private func read<T>(_ body: (Database) throws -> T) throws -> T {
        do { return try database.read(body) } catch let error as StoreError { throw KinError(error) }
    }

    private func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        do { return try await database.writer.write(body) } catch let error as StoreError { throw KinError(error) }
    }
}

extension ShareRow {
    fileprivate static func find(_ id: ULID, _ db: Database) throws -> ShareRow? {
        try Row.fetchOne(db, sql: "SELECT * FROM share WHERE id = ?", arguments: [id.description]).map {
            try ShareRow($0)
        }
    }

    fileprivate init(_ row: Row) throws {
        guard let id = ULID(row["id"]), let destination = Destination(recipient: row["recipient"]),
            let name = FileName(row["name"]),
            let status = Status(rawValue: row["status"])
        else { throw StoreError(.corrupt, "a row of the shared files is damaged") }
        let key: Data = row["key"]
        let sha256: Data? = row["sha256"]
        self.init(
            id: id, destination: destination,
            source: Source(
                path: row["path"], size: row["size"], device: row["device"], inode: row["inode"],
                modifiedAt: row["modified_at"]),
            name: name, key: [UInt8](key), mediaType: row["media_type"], message: row["message"],
            isPersistent: row["persistent"], createdAt: row["created_at"])
        self.sha256 = sha256.map { [UInt8]($0) }
        self.status = status
        attempts = row["attempts"]
        nextAttemptAt = row["next_attempt_at"]
        lastError = row["last_error"]
        expiresAt = row["expires_at"]
        uploadedAt = row["uploaded_at"]
        finishedAt = row["finished_at"]
    }

    fileprivate func insert(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO share (id, recipient, path, size, device, inode, modified_at, name, key, sha256,
                    media_type, message, persistent, status, created_at, attempts, next_attempt_at, last_error,
                    expires_at, uploaded_at, finished_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id.description, destination.recipient, source.path, source.size, source.device, source.inode,
                source.modifiedAt, name.description, Data(key), sha256.map { Data($0) }, mediaType, message,
                isPersistent, status.rawValue, createdAt, attempts, nextAttemptAt, lastError, expiresAt, uploadedAt,
                finishedAt,
            ])
    }
}
