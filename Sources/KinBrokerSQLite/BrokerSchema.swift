import GRDB

/// The tables, by forward-only migrations.
enum BrokerSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: meshes, members, messages, cursors") { db in
            try db.execute(
                sql: """
                    CREATE TABLE identity (store BLOB NOT NULL);
                    INSERT INTO identity VALUES (randomblob(16));
                    CREATE TABLE mesh (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL);
                    CREATE TABLE member (
                        mesh INTEGER NOT NULL REFERENCES mesh, member TEXT NOT NULL, chain BLOB NOT NULL,
                        PRIMARY KEY (mesh, member)) WITHOUT ROWID;
                    CREATE TABLE revocation (
                        id INTEGER PRIMARY KEY, mesh INTEGER NOT NULL REFERENCES mesh, proof BLOB NOT NULL,
                        UNIQUE (mesh, proof));
                    CREATE TABLE message (
                        id INTEGER PRIMARY KEY AUTOINCREMENT, mesh INTEGER NOT NULL REFERENCES mesh,
                        sender TEXT NOT NULL, client_message_id TEXT NOT NULL, request_fingerprint BLOB NOT NULL,
                        kind TEXT NOT NULL, ref TEXT NOT NULL, priority INTEGER NOT NULL,
                        line BLOB NOT NULL, seq INTEGER NOT NULL,
                        sent_at INTEGER NOT NULL, expires_at INTEGER, body BLOB NOT NULL);
                    CREATE UNIQUE INDEX message_dedupe ON message (mesh, sender, client_message_id);
                    CREATE INDEX message_log ON message (mesh, ref, kind, priority, id);
                    CREATE TABLE cursor (
                        mesh INTEGER NOT NULL, member TEXT NOT NULL, priority INTEGER NOT NULL,
                        position INTEGER NOT NULL, PRIMARY KEY (mesh, member, priority)) WITHOUT ROWID;
                    CREATE TABLE probe (turns INTEGER NOT NULL, ballast BLOB NOT NULL);
                    INSERT INTO probe VALUES (0, x'');
                    """)
        }
        migrator.registerMigration("2: successions") { db in
            try db.execute(
                sql: """
                    CREATE TABLE succession (
                        mesh INTEGER NOT NULL REFERENCES mesh, place INTEGER NOT NULL, handover BLOB NOT NULL,
                        PRIMARY KEY (mesh, place)) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("3: settings") { db in
            try db.execute(
                sql: "CREATE TABLE settings (mesh INTEGER PRIMARY KEY REFERENCES mesh, proof BLOB NOT NULL)")
        }
        migrator.registerMigration("4: topics") { db in
            try db.execute(
                sql: """
                    CREATE TABLE topic (
                        mesh INTEGER NOT NULL REFERENCES mesh, name TEXT NOT NULL, proof BLOB,
                        min_epoch INTEGER NOT NULL, epoch INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (mesh, name)) WITHOUT ROWID;
                    CREATE TABLE topic_member (
                        mesh INTEGER NOT NULL, topic TEXT NOT NULL, member TEXT NOT NULL, since INTEGER NOT NULL,
                        PRIMARY KEY (mesh, topic, member)) WITHOUT ROWID;
                    ALTER TABLE message ADD COLUMN epoch_counter INTEGER;
                    ALTER TABLE message ADD COLUMN epoch_minter TEXT;
                    """)
        }
        migrator.registerMigration("5: blobs") { db in
            try db.execute(
                sql: """
                    CREATE TABLE blob (
                        mesh INTEGER NOT NULL REFERENCES mesh, id TEXT NOT NULL, owner TEXT NOT NULL,
                        kind TEXT NOT NULL, ref TEXT NOT NULL, size INTEGER NOT NULL, received INTEGER NOT NULL,
                        persistent INTEGER NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER,
                        PRIMARY KEY (mesh, id)) WITHOUT ROWID;
                    CREATE INDEX blob_expiry ON blob (expires_at) WHERE expires_at IS NOT NULL;
                    """)
        }
        return migrator
    }

    /// One destination's log of one priority, newest first: (mesh, ref, kind, priority, the highest id, above that id). By the index `message_log`.
    static let backwards = """
        \(ForwardLog.columns) AND kind = ? AND priority = ? AND id <= ? AND id > ? ORDER BY id DESC
        """

    /// Blobs that are over, the oldest first: (milliseconds, limit). By the index `blob_expiry`.
    static let expiredBlobs =
        "SELECT mesh, id FROM blob WHERE expires_at IS NOT NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?"
}
