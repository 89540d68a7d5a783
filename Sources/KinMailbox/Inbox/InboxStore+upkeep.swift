import GRDB
import KinSQLite
import KinWire

// What time does to the inbox.

extension InboxStore {
    /// Days a deleted message is still recognised: one longer than any message may be old (`DirectSealer.maxAge`).
    public static let formerDays: Int64 = 46
    private static let day: Int64 = 86_400_000
    private static let vacuumDays: Int64 = 7
    private static let batch = 500

    /// What `keep` did.
    public struct Upkeep: Hashable, Sendable {
        public var deleted = 0
        public var forgotten = 0
        public var vacuumed = false
    }

    /// Deletes what is older than `days`, forgets what was deleted 46 days ago, and once a week gives the room back to the disk.
    ///
    /// In small writes beside those of messages; the last holds the writer for as long as it takes to copy the file, so call it where nobody waits.
    /// - Parameter now: milliseconds.
    public func keep(days: Int, now: Int64) async throws -> Upkeep {
        var upkeep = Upkeep()
        do {
            upkeep.deleted = try await repeated { try Self.delete(before: now - Int64(days) * Self.day, now, $0) }
            upkeep.deleted += try await repeated { try Self.dropSealed(before: now - Int64(days) * Self.day, $0) }
            upkeep.forgotten = try await repeated { try Self.forget(before: now - Self.formerDays * Self.day, $0) }
            upkeep.vacuumed = try await vacuumIfDue(now)
        } catch {
            throw KinError(storeError: error)
        }
        return upkeep
    }

    private func repeated(_ work: @escaping @Sendable (Database) throws -> Int) async throws -> Int {
        var count = 0
        while true {
            let changed = try await database.writer.write(work)
            count += changed
            if changed < Self.batch { return count }
        }
    }

    private static func delete(before time: Int64, _ now: Int64, _ db: Database) throws -> Int {
        let ids = try Int64.fetchAll(
            db, sql: "SELECT id FROM inbox WHERE received_at < ? ORDER BY received_at LIMIT \(batch)",
            arguments: [time])
        let remember = try db.cachedStatement(
            sql: """
                INSERT INTO former (sender_member, client_message_id, deleted_at)
                SELECT sender_member, client_message_id, ? FROM inbox WHERE id = ? ON CONFLICT DO NOTHING
                """)
        let delete = try db.cachedStatement(sql: "DELETE FROM inbox WHERE id = ?")
        for id in ids {
            try remember.execute(arguments: [now, id])
            try delete.execute(arguments: [id])
        }
        return ids.count
    }

    private static func forget(before time: Int64, _ db: Database) throws -> Int {
        try db.execute(
            sql: """
                DELETE FROM former WHERE (sender_member, client_message_id) IN (
                    SELECT sender_member, client_message_id FROM former WHERE deleted_at < ? LIMIT \(batch))
                """, arguments: [time])
        return db.changesCount
    }

    private func vacuumIfDue(_ now: Int64) async throws -> Bool {
        let last = try database.read { try Int64.fetchOne($0, sql: "SELECT vacuumed_at FROM upkeep") }
        // A fresh inbox has nothing to give back.
        if let last, now - last >= Self.vacuumDays * Self.day {
            try database.vacuum()
        } else if last != nil {
            return false
        }
        _ = try await database.writer.write { db in
            try db.execute(sql: "UPDATE upkeep SET vacuumed_at = ?", arguments: [now])
        }
        return last != nil
    }
}

extension KinError {
    init(storeError error: any Error) {
        switch error {
        case let error as KinError: self = error
        case let error as StoreError: self.init(inbox: error)
        default: self.init("store_failed", "\(error)")
        }
    }
}
