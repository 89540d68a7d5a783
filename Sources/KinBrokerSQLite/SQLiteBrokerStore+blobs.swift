import GRDB
import KinBroker
import KinEncoding
import KinSQLite
import KinWire

// What is kept of blobs beside their bytes.

extension SQLiteBrokerStore {
    public func addBlob(_ blob: StoredBlob, in mesh: MeshKey, room: Int64) async throws -> BlobAddition {
        try await database.writer.write { db in
            if let known = try Self.blob(BlobPlace(mesh: mesh, id: blob.id), db) { return .known(known) }
            let left = room - (try Self.usage(db).bytes)
            guard max(blob.size, StoredBlob.leastRoom) <= left else { return .noRoom(left: max(left, 0)) }
            try db.execute(
                sql: """
                    INSERT INTO blob (mesh, id, owner, kind, ref, size, received, persistent, created_at, expires_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    mesh.rowID, blob.id.description, blob.owner.description, blob.reader.kind, blob.reader.ref,
                    blob.size, blob.offset, blob.isPersistent, blob.createdAt, blob.expiresAt,
                ])
            return .added
        }
    }

    public func blob(_ place: BlobPlace) throws -> StoredBlob? { try database.read { try Self.blob(place, $0) } }

    public func advanceBlob(_ place: BlobPlace, to offset: Int64, expiresAt: Int64?) async throws -> Bool {
        try await database.writer.write { db in
            try db.execute(
                sql: "UPDATE blob SET received = ?, expires_at = ? WHERE mesh = ? AND id = ?",
                arguments: [offset, expiresAt, place.mesh.rowID, place.id.description])
            return db.changesCount > 0
        }
    }

    public func removeBlob(_ place: BlobPlace, expiredBy now: Int64?) async throws -> Bool {
        try await database.writer.write { db in
            try db.execute(
                sql: "DELETE FROM blob WHERE mesh = ? AND id = ? AND (? IS NULL OR expires_at <= ?)",
                arguments: [place.mesh.rowID, place.id.description, now, now])
            return db.changesCount > 0
        }
    }

    public func expiredBlobs(at now: Int64, limit: Int) throws -> [BlobPlace] {
        try database.read { db in
            try Row.fetchAll(db, sql: BrokerSchema.expiredBlobs, arguments: [now, limit]).map { row in
                guard let id = ULID(row["id"]) else { throw StoreError(.corrupt, "a stored blob's id is damaged") }
                return BlobPlace(mesh: MeshKey(rowID: row["mesh"]), id: id)
            }
        }
    }

    public func blobUsage() throws -> (count: Int, bytes: Int64) { try database.read { try Self.usage($0) } }

    private static func usage(_ db: Database) throws -> (count: Int, bytes: Int64) {
        let row = try Row.fetchOne(
            db, sql: "SELECT count(*) AS count, total(max(size, ?)) AS bytes FROM blob",
            arguments: [StoredBlob.leastRoom])
        guard let row else { return (0, 0) }
        let bytes: Double = row["bytes"]
        return (row["count"], Int64(min(bytes, 9e18)))
    }

    private static func blob(_ place: BlobPlace, _ db: Database) throws -> StoredBlob? {
        let row = try Row.fetchOne(
            db, sql: "SELECT * FROM blob WHERE mesh = ? AND id = ?",
            arguments: [place.mesh.rowID, place.id.description])
        return try row.map { row in
            guard let owner = ULID(row["owner"]), let reader = Destination(kind: row["kind"], ref: row["ref"]) else {
                throw StoreError(.corrupt, "a stored blob is damaged")
            }
            return StoredBlob(
                id: place.id, owner: owner, reader: reader, size: row["size"], offset: row["received"],
                isPersistent: row["persistent"], createdAt: row["created_at"], expiresAt: row["expires_at"])
        }
    }
}
