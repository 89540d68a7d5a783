import Foundation
import GRDB

/// The tables of `outbox.db`, by forward-only migrations.
enum OutboxSchema {
    static func migrator(_ makeLine: () -> [UInt8]) -> DatabaseMigrator {
        let line = Data(makeLine())
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: outbox, lanes, identity") { db in
            try db.execute(
                sql: """
                    CREATE TABLE identity (line BLOB NOT NULL, broker_store BLOB);
                    CREATE TABLE lane (
                        kind TEXT NOT NULL, ref TEXT NOT NULL, priority INTEGER NOT NULL, last_seq INTEGER NOT NULL,
                        PRIMARY KEY (kind, ref, priority)) WITHOUT ROWID;
                    CREATE TABLE outbox (
                        id INTEGER PRIMARY KEY AUTOINCREMENT, client_message_id TEXT NOT NULL UNIQUE,
                        request_fingerprint BLOB NOT NULL, kind TEXT NOT NULL, ref TEXT NOT NULL,
                        priority INTEGER NOT NULL, line BLOB NOT NULL, seq INTEGER NOT NULL, payload BLOB NOT NULL,
                        expires_at INTEGER, enqueued_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
                        next_attempt_at INTEGER, status TEXT NOT NULL, last_error TEXT, relayed_at INTEGER,
                        delivered_at INTEGER, read_at INTEGER, broker_message_id INTEGER, aborted_at INTEGER,
                        aborted_by TEXT, superseded_by TEXT);
                    CREATE INDEX outbox_pending ON outbox (kind, ref, priority, seq) WHERE status = 'pending';
                    CREATE INDEX outbox_dead ON outbox (status) WHERE status = 'dead';
                    """)
            try db.execute(sql: "INSERT INTO identity (line) VALUES (?)", arguments: [line])
        }
        migrator.registerMigration("2: refusals, prunings") { db in
            try db.execute(
                sql: """
                    ALTER TABLE outbox ADD COLUMN refused_at INTEGER;
                    ALTER TABLE outbox ADD COLUMN refused_reason TEXT;
                    ALTER TABLE outbox ADD COLUMN pruned_at INTEGER;
                    CREATE INDEX outbox_refused ON outbox (id) WHERE refused_at IS NOT NULL;
                    """)
        }
        migrator.registerMigration("3: what waits and was refused") { db in
            try db.execute(
                sql: """
                    CREATE INDEX outbox_delayed ON outbox (id) WHERE status = 'pending' AND last_error IS NOT NULL;
                    CREATE INDEX outbox_expiring ON outbox (expires_at) WHERE status = 'pending' AND expires_at IS NOT NULL;
                    """)
        }
        return migrator
    }
}
