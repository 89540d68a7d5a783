import GRDB

// What is asked about the queue as a whole.

extension OutboxStore {
    /// When the oldest message that waits was accepted, milliseconds; nil where none waits.
    public func oldestPending() throws -> Int64? {
        try read { db in
            // Finished messages stay, and are not looked through.
            try Int64.fetchOne(
                db, sql: "SELECT min(enqueued_at) FROM outbox INDEXED BY outbox_pending WHERE status = 'pending'")
        }
    }
}
