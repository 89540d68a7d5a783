import Foundation
import GRDB
import KinEncoding
import KinIdentity
import KinSQLite
import KinWire

/// A server's API keys in one SQLite file, `apikeys.db`. The server and the commands that change it open it side by side: each sees the other's last commit.
public final class SQLiteAPIKeyStore: Sendable {
    private let database: DurableDatabase
    /// A use is noted again after this many milliseconds.
    static let useResolution: Int64 = 60_000

    /// Opens or creates the file (0600).
    /// - Throws: `StoreError`.
    public init(path: String) throws {
        database = try DurableDatabase(path: path, migrator: Self.migrator)
    }

    public func close() { database.close() }

    public func insert(_ record: APIKeyRecord) async throws {
        try await database.writer.write { db in
            try db.execute(
                sql: """
                    INSERT INTO api_key (id, hash, member, scopes, description, created_at, expires_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    record.id.description, Data(record.hash), record.member?.description,
                    record.scopes.map(\.rawValue).joined(separator: " "), record.description, record.createdAt,
                    record.expiresAt,
                ])
        }
    }

    /// The key with this SHA-256, whatever its state; nil where there is none.
    public func record(hash: [UInt8]) throws -> APIKeyRecord? {
        try database.read { db in
            let find = try db.cachedStatement(sql: "SELECT * FROM api_key WHERE hash = ?")
            return try Row.fetchOne(find, arguments: [Data(hash)]).map { try APIKeyRecord($0) }
        }
    }

    /// All keys, oldest first, revoked and expired ones too.
    public func all() throws -> [APIKeyRecord] {
        try database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM api_key ORDER BY created_at, id").map { try APIKeyRecord($0) }
        }
    }

    /// Revokes a key; one that was revoked before keeps its time.
    /// - Parameter now: milliseconds.
    /// - Returns: the key as it is then; nil where there is none.
    public func revoke(_ id: ULID, now: Int64) async throws -> APIKeyRecord? {
        try await database.writer.write { db in
            try db.execute(
                sql: "UPDATE api_key SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?",
                arguments: [now, id.description])
            return try Row.fetchOne(db, sql: "SELECT * FROM api_key WHERE id = ?", arguments: [id.description])
                .map { try APIKeyRecord($0) }
        }
    }

    /// Takes note of a use. To the minute, and losing one in a crash is no harm.
    public func noteUse(of record: APIKeyRecord, now: Int64) {
        if let last = record.lastUsedAt, now - last < Self.useResolution { return }
        database.writer.submit(.rider) { db in
            try db.execute(
                sql: "UPDATE api_key SET last_used_at = ? WHERE id = ?", arguments: [now, record.id.description])
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: keys") { db in
            try db.execute(
                sql: """
                    CREATE TABLE api_key (
                        id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, member TEXT, scopes TEXT NOT NULL,
                        description TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER,
                        last_used_at INTEGER, revoked_at INTEGER);
                    """)
        }
        return migrator
    }
}

extension APIKeyRecord {
    fileprivate init(_ row: Row) throws {
        let scopes = (row["scopes"] as String).split(separator: " ").map { APIScope(rawValue: String($0)) }
        let member: String? = row["member"]
        // A scope or member that cannot be read must not widen what the key may do.
        guard let id = ULID(row["id"]), scopes.allSatisfy({ $0 != nil }),
            member == nil || MeshMember(member ?? "") != nil
        else { throw StoreError(.corrupt, "a stored API key is damaged") }
        self.init(
            id: id, hash: [UInt8](row["hash"] as Data), member: member.flatMap { MeshMember($0) },
            scopes: scopes.compactMap { $0 }, description: row["description"], createdAt: row["created_at"],
            expiresAt: row["expires_at"], lastUsedAt: row["last_used_at"], revokedAt: row["revoked_at"])
    }
}
