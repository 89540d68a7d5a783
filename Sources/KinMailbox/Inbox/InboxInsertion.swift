import Foundation
import GRDB
import KinEncoding
import KinSQLite
import KinWire

/// What became of a message that came.
public enum InboxArrival: Hashable, Sendable {
    case new(InboxRow)
    /// The inbox has it or had it.
    case known
    /// It is on disk, and is shown once its content, or that of one before it, was fetched.
    case awaited

    /// Of a new one.
    public var row: InboxRow? { if case .new(let row) = self { row } else { nil } }
}

/// A batch of messages inside the writer's transaction.
///
/// Unchecked: `arrivals` is touched by a write and its completion alone, one after the other (GroupCommit.submit).
final class InboxInsertion: @unchecked Sendable {
    private(set) var arrivals: [InboxArrival] = []
    private let store: [UInt8]?

    init(store: [UInt8]?) { self.store = store }

    func run(_ batch: [IncomingMessage], _ db: Database) throws {
        arrivals.removeAll()
        for incoming in batch { arrivals.append(try insert(incoming, db)) }
    }

    private func insert(_ incoming: IncomingMessage, _ db: Database) throws -> InboxArrival {
        if !incoming.isEnclosed, let row = try Self.insert(incoming, by: Self.inserting, db) { return .new(row) }
        // It is here, or has to wait.
        if try AwaitedMessage.insert(incoming, from: store, db) { return .awaited }
        try remind(incoming.message, db)
        return .known
    }

    /// The new row; nil where there is none.
    static func insert(_ incoming: IncomingMessage, by sql: String, _ db: Database) throws -> InboxRow? {
        let message = incoming.message
        try BoundStatement(db, sql).run { incoming.add(to: &$0) }
        guard db.changesCount > 0 else { return nil }
        var row = InboxRow(
            id: db.lastInsertedRowID, clientMessageID: message.clientMessageID,
            brokerMessageID: incoming.brokerMessageID, senderMember: message.sender, senderName: message.senderName,
            priority: message.priority, contentType: message.contentType, body: message.body, meta: message.meta,
            replyTo: message.replyTo, createdAt: message.createdAt, receivedAt: incoming.receivedAt)
        row.topic = incoming.topic
        row.mentions = message.mentions ?? []
        return row
    }

    /// Not where it would overtake one that waits for its content.
    private static let inserting = inserting(
        besides: [],
        where: """
            AND NOT EXISTS (SELECT 1 FROM awaited
                WHERE sender_member = ?4 AND priority = ?7 AND topic IS ?14 AND inbox_id IS NULL)
            """)
    static let insertingAwaited = inserting(besides: [])

    /// A message whose row is gone is still the same message. Of posts no receipt is due.
    /// - Parameters:
    ///   - columns: whose values follow those of `IncomingMessage.add`.
    ///   - condition: more that has to hold.
    static func inserting(besides columns: [String], where condition: String = "") -> String {
        let isDueKnown = columns.contains("receipt_due")
        let names = columns.map { ", \($0)" }.joined() + (isDueKnown ? "" : ", receipt_due")
        let values = columns.indices.map { ", ?\($0 + 16)" }.joined() + (isDueKnown ? "" : ", ?14 IS NULL")
        return """
            INSERT INTO inbox (client_message_id, broker_message_id, mesh, sender_member, sender_pubkey, sender_name,
                priority, content_type, body, meta, reply_to_id, created_at, received_at, topic, mentions\(names))
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15\(values)
            WHERE NOT EXISTS (SELECT 1 FROM former WHERE sender_member = ?4 AND client_message_id = ?1)
            \(condition) ON CONFLICT DO NOTHING
            """
    }

    static func isFormer(_ sender: ULID, _ id: ClientMessageID, _ db: Database) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: "SELECT 1 FROM former WHERE sender_member = ? AND client_message_id = ?")
        return try Int.fetchOne(statement, arguments: [sender.description, id.description]) != nil
    }

    /// Whoever sends a message again has not got its receipt.
    private func remind(_ message: SealedMessage, _ db: Database) throws {
        try db.cachedStatement(
            sql: """
                UPDATE inbox SET receipt_due = 1 WHERE sender_member = ? AND client_message_id = ? AND topic IS NULL
                """
        ).execute(arguments: [message.sender.description, message.clientMessageID.description])
    }
}

extension IncomingMessage {
    /// The first 15 values of `InboxInsertion.inserting`.
    func add(to values: inout BoundStatement.Values) {
        values.add(message.clientMessageID.description)
        values.add(brokerMessageID)
        values.add(message.mesh.description)
        values.add(message.sender.description)
        values.add(senderKey)
        values.add(message.senderName.description)
        values.add(Int64(message.priority.rank))
        values.add(message.contentType)
        values.add(Array(message.body.utf8))
        values.add(message.meta?.canonicalBytes())
        values.add(message.replyTo?.description)
        values.add(message.createdAt)
        values.add(receivedAt)
        values.add(topic?.description)
        values.add(message.mentions?.map(\.description).joined(separator: " "))
    }
}
