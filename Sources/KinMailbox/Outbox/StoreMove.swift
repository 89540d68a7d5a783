import Foundation
import GRDB

/// The change to a broker with another store, inside the writer's transaction.
///
/// Unchecked: what varies is touched by a write and its completion alone, one after the other (GroupCommit.submit).
final class StoreMove: @unchecked Sendable {
    private let store: Data
    private let lastMessageID: Int64
    private let earliest: Int64
    private(set) var reopened = 0
    /// Of their contents.
    private(set) var bytes: Int64 = 0

    init(to store: [UInt8], lastMessageID: Int64, notBefore earliest: Int64) {
        self.store = Data(store)
        self.lastMessageID = lastMessageID
        self.earliest = earliest
    }

    func run(_ db: Database) throws {
        let known = try Data.fetchOne(db, sql: "SELECT broker_store FROM identity")
        if known != store { try db.execute(sql: "UPDATE identity SET broker_store = ?", arguments: [store]) }
        guard known != nil else { return }
        // Of the same store: only what it forgot, because it is an older copy of itself.
        let forgotten = known == store ? lastMessageID : -1
        let sizes = try Int64.fetchAll(
            db,
            sql: """
                UPDATE outbox SET status = 'pending', relayed_at = NULL, broker_message_id = NULL
                WHERE status = 'done' AND delivered_at IS NULL AND enqueued_at >= ?
                    AND broker_message_id > ? AND refused_at IS NULL AND pruned_at IS NULL
                RETURNING length(payload)
                """, arguments: [earliest, forgotten])
        reopened = sizes.count
        bytes = sizes.reduce(0, +)
    }
}
