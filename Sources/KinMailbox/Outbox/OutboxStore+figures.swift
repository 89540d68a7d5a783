import GRDB
import KinWire

// What is asked about the queue as a whole.

extension OutboxStore {
    /// Messages that wait and whose time is over.
    public func expired(at now: Int64) throws -> [ClientMessageID] {
        try read { db in
            let ids = try String.fetchAll(
                db,
                sql: """
                    SELECT client_message_id FROM outbox INDEXED BY outbox_expiring
                    WHERE status = 'pending' AND expires_at IS NOT NULL AND expires_at <= ? LIMIT 1000
                    """, arguments: [now])
            return ids.compactMap { ClientMessageID($0) }
        }
    }

    /// When the oldest message that waits was accepted, milliseconds; nil where none waits.
    public func oldestPending() throws -> Int64? {
        try read { db in
            // Ids rise with time, and stand in the index; times do not.
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT enqueued_at FROM outbox WHERE id =
                        (SELECT min(id) FROM outbox INDEXED BY outbox_pending WHERE status = 'pending')
                    """)
        }
    }
}
