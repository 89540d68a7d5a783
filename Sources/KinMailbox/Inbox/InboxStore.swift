import Foundation
import GRDB
import KinEncoding
import KinSQLite
import KinWire

/// The durable inbox of one daemon: each message once, in the order of arrival.
public final class InboxStore: Sendable {
    private let database: DurableDatabase

    /// Opens or creates `inbox.db`, checking its integrity.
    public init(path: String) throws {
        do {
            database = try DurableDatabase(path: path, migrator: InboxSchema.migrator, checkingIntegrity: true)
        } catch let error as StoreError {
            throw KinError(error)
        }
    }

    public func close() { database.close() }

    /// Stores messages in order. `completion` gets, for each, its row if it is new and nil if it was there; or the failure, with nothing stored.
    /// - Parameter intake: the connection they came by: after a failure nothing more of it is stored.
    public func receive(
        _ batch: [IncomingMessage], from intake: InboxIntake,
        completion: @escaping @Sendable (Result<[InboxRow?], KinError>) -> Void
    ) {
        let insertion = InboxInsertion()
        database.writer.submit { db in
            try intake.run { try insertion.run(batch, db) }
        } completion: { error in
            if error != nil { intake.breakOff() }
            completion(error.map { .failure(KinError($0)) } ?? .success(insertion.rows))
        }
    }

    /// Rows oldest first, and whether more follow.
    public func page(_ query: InboxQuery) throws -> (rows: [InboxRow], more: Bool) {
        try read { db in
            let cursor = try Row.fetchCursor(
                db,
                sql: """
                    SELECT * FROM inbox WHERE id > :after AND received_at >= :since AND (:from IS NULL OR sender_member = :from)
                    ORDER BY id LIMIT :limit
                    """,
                arguments: [
                    "after": query.after, "since": query.since ?? 0, "from": query.from?.description,
                    "limit": query.limit + 1,
                ])
            var rows: [InboxRow] = []
            var bytes = 0
            while let row = try cursor.next() {
                let message = try InboxRow(row)
                bytes += message.body.utf8.count
                if rows.count == query.limit || (bytes > query.maxBytes && !rows.isEmpty) { return (rows, true) }
                rows.append(message)
            }
            return (rows, false)
        }
    }

    /// Messages whose sender has not been told of their arrival, with ids after `row`, grouped by sender; nil where there are none.
    public func receiptsDue(after row: Int64, limit: Int) throws -> ReceiptsDue? {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, sender_member, client_message_id FROM inbox
                    WHERE receipt_due = 1 AND id > ? ORDER BY id LIMIT ?
                    """, arguments: [row, limit])
            guard let last = rows.last else { return nil }
            let groups = Dictionary(grouping: rows) { $0["sender_member"] as String }
            return ReceiptsDue(
                groups: groups.compactMap { sender, rows in
                    ULID(sender).map { ($0, rows.compactMap { ClientMessageID($0["client_message_id"]) }) }
                }, through: last["id"])
        }
    }

    /// The broker took the receipt for these. Rides along: losing it costs a repeated receipt, which changes nothing.
    public func clearReceipts(_ ids: [ClientMessageID], of sender: ULID) {
        database.writer.submit(.rider) { db in
            let update = try db.cachedStatement(
                sql: "UPDATE inbox SET receipt_due = 0 WHERE sender_member = ? AND client_message_id = ?")
            for id in ids { try update.execute(arguments: [sender.description, id.description]) }
        }
    }

    /// Messages held.
    public func count() throws -> Int {
        try read { try Int.fetchOne($0, sql: "SELECT count(*) FROM inbox") ?? 0 }
    }

    private func read<T>(_ body: (Database) throws -> T) throws -> T {
        do { return try database.read(body) } catch let error as StoreError { throw KinError(error) }
    }
}
