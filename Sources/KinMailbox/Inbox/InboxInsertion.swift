import Foundation
import GRDB
import KinEncoding
import KinWire

/// A batch of messages inside the writer's transaction.
final class InboxInsertion: @unchecked Sendable {  // `rows` is only touched on the writer's thread
    private(set) var rows: [InboxRow?] = []

    func run(_ batch: [IncomingMessage], _ db: Database) throws {
        rows.removeAll()
        for incoming in batch { rows.append(try insert(incoming, db)) }
    }

    private func insert(_ incoming: IncomingMessage, _ db: Database) throws -> InboxRow? {
        let message = incoming.message
        // Its row is gone, and it is still the same message.
        guard try !Self.isFormer(message.sender, message.clientMessageID, db) else { return nil }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO inbox (client_message_id, broker_message_id, mesh, sender_member, sender_pubkey, sender_name,
                    priority, content_type, body, meta, reply_to_id, created_at, received_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """)
        try statement.execute(arguments: [
            message.clientMessageID.description, incoming.brokerMessageID, message.mesh.description,
            message.sender.description, Data(incoming.senderKey), message.senderName.description,
            message.priority.rank, message.contentType, Data(message.body.utf8),
            message.meta.map { Data($0.canonicalBytes()) }, message.replyTo?.description, message.createdAt,
            incoming.receivedAt,
        ])
        guard db.changesCount > 0 else {
            try remind(message, db)
            return nil
        }
        return InboxRow(
            id: db.lastInsertedRowID, clientMessageID: message.clientMessageID,
            brokerMessageID: incoming.brokerMessageID, senderMember: message.sender, senderName: message.senderName,
            priority: message.priority, contentType: message.contentType, body: message.body, meta: message.meta,
            replyTo: message.replyTo, createdAt: message.createdAt, receivedAt: incoming.receivedAt)
    }

    static func isFormer(_ sender: ULID, _ id: ClientMessageID, _ db: Database) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: "SELECT 1 FROM former WHERE sender_member = ? AND client_message_id = ?")
        return try Int.fetchOne(statement, arguments: [sender.description, id.description]) != nil
    }

    /// Whoever sends a message again has not got its receipt.
    private func remind(_ message: SealedMessage, _ db: Database) throws {
        try db.cachedStatement(
            sql: "UPDATE inbox SET receipt_due = 1 WHERE sender_member = ? AND client_message_id = ?"
        ).execute(arguments: [message.sender.description, message.clientMessageID.description])
    }
}
