import Foundation
import GRDB
import KinEncoding
import KinSQLite
import KinWire

/// The tables of `inbox.db`, by forward-only migrations. A body is a blob of UTF-8: as text it would end at its first U+0000.
enum InboxSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: inbox") { db in
            try db.execute(
                sql: """
                    CREATE TABLE inbox (
                        id INTEGER PRIMARY KEY AUTOINCREMENT, client_message_id TEXT NOT NULL,
                        broker_message_id INTEGER NOT NULL, mesh TEXT NOT NULL, topic TEXT,
                        sender_member TEXT NOT NULL, sender_pubkey BLOB NOT NULL, sender_name TEXT NOT NULL,
                        priority INTEGER NOT NULL, content_type TEXT NOT NULL, body BLOB NOT NULL, meta BLOB,
                        reply_to_id TEXT, created_at INTEGER NOT NULL, received_at INTEGER NOT NULL, read_at INTEGER,
                        receipt_due INTEGER NOT NULL DEFAULT 1, UNIQUE (sender_member, client_message_id));
                    CREATE INDEX inbox_received ON inbox (received_at);
                    CREATE INDEX inbox_topic ON inbox (topic) WHERE topic IS NOT NULL;
                    CREATE INDEX inbox_sender ON inbox (sender_member, id);
                    CREATE INDEX inbox_receipts ON inbox (id) WHERE receipt_due = 1;
                    """)
        }
        migrator.registerMigration("2: read receipts, refusals, retention") { db in
            try db.execute(
                sql: """
                    ALTER TABLE inbox ADD COLUMN read_due INTEGER NOT NULL DEFAULT 0;
                    CREATE INDEX inbox_read_due ON inbox (id) WHERE read_due = 1;
                    CREATE TABLE refusal (
                        id INTEGER PRIMARY KEY AUTOINCREMENT, sender_member TEXT NOT NULL,
                        client_message_id TEXT NOT NULL, reason TEXT NOT NULL,
                        UNIQUE (sender_member, client_message_id));
                    CREATE TABLE former (
                        sender_member TEXT NOT NULL, client_message_id TEXT NOT NULL, deleted_at INTEGER NOT NULL,
                        PRIMARY KEY (sender_member, client_message_id)) WITHOUT ROWID;
                    CREATE INDEX former_deleted ON former (deleted_at);
                    CREATE TABLE upkeep (vacuumed_at INTEGER);
                    INSERT INTO upkeep (vacuumed_at) VALUES (NULL);
                    """)
        }
        migrator.registerMigration("3: refill") { db in
            try db.execute(
                sql: """
                    CREATE TABLE refill (
                        store BLOB, before INTEGER, next_id INTEGER NOT NULL DEFAULT 0,
                        refilled INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0);
                    """)
        }
        migrator.registerMigration("4: mentions, posts without a key") { db in
            try db.execute(
                sql: """
                    ALTER TABLE inbox ADD COLUMN mentions TEXT;
                    CREATE TABLE sealed (
                        id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, counter INTEGER NOT NULL,
                        minter TEXT NOT NULL, sender TEXT NOT NULL, client_message_id TEXT NOT NULL, header BLOB NOT NULL,
                        body BLOB NOT NULL, received_at INTEGER NOT NULL, UNIQUE (sender, client_message_id));
                    CREATE INDEX sealed_topic ON sealed (topic, id);
                    """)
        }
        migrator.registerMigration("5: files") { db in
            try db.execute(
                sql: """
                    CREATE INDEX inbox_files ON inbox (client_message_id)
                    WHERE content_type = 'application/vnd.kindred.file+json';
                    """)
        }
        migrator.registerMigration("6: messages whose content is to be fetched") { db in
            try db.execute(
                sql: """
                    CREATE TABLE awaited (
                        id INTEGER PRIMARY KEY AUTOINCREMENT, sender_member TEXT NOT NULL,
                        client_message_id TEXT NOT NULL, topic TEXT, priority INTEGER NOT NULL, message BLOB NOT NULL,
                        broker_message_id INTEGER NOT NULL, sender_pubkey BLOB NOT NULL, received_at INTEGER NOT NULL,
                        store BLOB, inbox_id INTEGER,
                        UNIQUE (sender_member, client_message_id));
                    CREATE INDEX awaited_lane ON awaited (sender_member, priority, topic, id) WHERE inbox_id IS NULL;
                    """)
        }
        return migrator
    }
}

extension InboxRow {
    init(_ row: Row) throws {
        guard let id = ClientMessageID(row["client_message_id"]), let sender = ULID(row["sender_member"]),
            let name = DeviceName(row["sender_name"]), let priority = Priority(rank: row["priority"])
        else { throw StoreError(.corrupt, "a row of the inbox is damaged") }
        let meta: Data? = row["meta"]
        let replyTo: String? = row["reply_to_id"]
        let body: Data = row["body"]
        self.init(
            id: row["id"], clientMessageID: id, brokerMessageID: row["broker_message_id"], senderMember: sender,
            senderName: name, priority: priority, contentType: row["content_type"],
            body: String(decoding: body, as: UTF8.self),
            meta: meta.flatMap { try? JSON.parse([UInt8]($0)) }, replyTo: replyTo.flatMap { ClientMessageID($0) },
            createdAt: row["created_at"], receivedAt: row["received_at"], readAt: row["read_at"])
        let topic: String? = row["topic"]
        self.topic = topic.flatMap { TopicName($0) }
        let mentions: String? = row["mentions"]
        self.mentions = (mentions ?? "").split(separator: " ").compactMap { DeviceName(String($0)) }
    }
}
