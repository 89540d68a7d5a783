import Foundation
import GRDB
public import KinEncoding
import KinSQLite
public import KinWire

// Messages that are not shown yet: their content lies at the server and is to be fetched, or they came behind one whose does, in one lane.

/// A message that waits.
public struct AwaitedMessage: Sendable {
    public var id: Int64
    public var incoming: IncomingMessage
    /// The broker's store that it came from.
    public var store: [UInt8]?
    /// It came out of history: nobody is told of it.
    public var isHistory: Bool
}

/// How its waiting ends.
public enum AwaitedEnd: Sendable {
    /// The message with its content.
    case arrived(IncomingMessage)
    /// It will never be in the inbox; its sender is told why, where it was no post.
    case refused(reason: String)
    /// It only waited for others.
    case due
}

/// What an end brought into the inbox.
public struct AwaitedArrivals: Sendable {
    public internal(set) var messages: [IncomingMessage] = []
    public internal(set) var arrivals: [InboxArrival] = []
}

extension InboxStore {
    /// The first of each lane, and what came out of history, oldest first.
    public func awaitedHeads() throws -> [(id: Int64, sender: ULID)] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT min(id) AS id, sender_member FROM awaited WHERE inbox_id IS NULL
                    GROUP BY sender_member, priority, topic
                    UNION ALL SELECT id, sender_member FROM awaited WHERE inbox_id IS NOT NULL ORDER BY id
                    """)
            return rows.compactMap { row in ULID(row["sender_member"]).map { (row["id"], $0) } }
        }
    }

    /// Those with a higher message id of the broker, by their own.
    public func awaited(above brokerMessageID: Int64) throws -> [Int64: Int64] {
        try read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT id, broker_message_id FROM awaited WHERE broker_message_id > ?",
                arguments: [brokerMessageID])
            return Dictionary(uniqueKeysWithValues: rows.map { ($0["id"], $0["broker_message_id"]) })
        }
    }

    /// nil where it does not wait any more.
    public func awaited(_ id: Int64) throws -> AwaitedMessage? {
        try read { db in try AwaitedMessage.find(id, db).map { try AwaitedMessage($0) } }
    }

    /// Whether it waits, and cannot be read.
    public func isDamaged(awaited id: Int64) -> Bool {
        let isDamaged = try? read { db in
            try AwaitedMessage.find(id, db).map { row in (try? AwaitedMessage(row)) == nil }
        }
        return isDamaged.flatMap { $0 } ?? false
    }

    /// Ends a message's waiting, and that of those behind it up to the next whose content is missing; in one transaction.
    public func settle(
        _ id: Int64, _ end: AwaitedEnd, completion: @escaping @Sendable (Result<AwaitedArrivals, KinError>) -> Void
    ) {
        let settlement = AwaitedSettlement(id, end)
        database.writer.submit { db in
            try settlement.run(db)
        } completion: { error in
            completion(error.map { .failure(KinError(inbox: $0)) } ?? .success(settlement.result))
        }
    }
}

extension IncomingMessage {
    /// Whether its content is not in it.
    public var isEnclosed: Bool { message.contentType == Enclosure.contentType }
}

extension AwaitedMessage {
    fileprivate static func find(_ id: Int64, _ db: Database) throws -> Row? {
        try Row.fetchOne(db, sql: "SELECT * FROM awaited WHERE id = ?", arguments: [id])
    }

    static func isHere(_ sender: ULID, _ id: ClientMessageID, _ db: Database) throws -> Bool {
        try Int.fetchOne(
            db, sql: "SELECT 1 FROM awaited WHERE sender_member = ? AND client_message_id = ?",
            arguments: [sender.description, id.description]) != nil
    }

    /// One that waits already keeps its place, and is as it came last: with another reference, perhaps, or whole.
    /// - Returns: whether it waits now; false: the inbox has it or had it.
    static func insert(
        _ incoming: IncomingMessage, from store: [UInt8]?, inboxID: Int64? = nil, _ db: Database
    ) throws -> Bool {
        let insert = try BoundStatement(
            db,
            """
            INSERT INTO awaited (sender_member, client_message_id, topic, priority, message, broker_message_id,
                sender_pubkey, received_at, store, inbox_id)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
            WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE sender_member = ?1 AND client_message_id = ?2)
            AND NOT EXISTS (SELECT 1 FROM former WHERE sender_member = ?1 AND client_message_id = ?2)
            ON CONFLICT (sender_member, client_message_id) DO UPDATE SET store = excluded.store,
                message = excluded.message, broker_message_id = excluded.broker_message_id,
                sender_pubkey = excluded.sender_pubkey
            """)
        let message = incoming.message
        try insert.run { values in
            values.add(message.sender.description)
            values.add(message.clientMessageID.description)
            values.add(incoming.topic?.description)
            values.add(Int64(message.priority.rank))
            values.add(message.canonicalBytes())
            values.add(incoming.brokerMessageID)
            values.add(incoming.senderKey)
            values.add(incoming.receivedAt)
            values.add(store)
            values.add(inboxID)
        }
        return db.changesCount > 0
    }

    fileprivate init(_ row: Row) throws {
        let (message, key): (Data, Data) = (row["message"], row["sender_pubkey"])
        guard let message = try? SealedMessage(canonical: [UInt8](message)) else {
            throw StoreError(.corrupt, "a message that waits is damaged")
        }
        let (store, inboxID): (Data?, Int64?) = (row["store"], row["inbox_id"])
        self.init(
            id: row["id"],
            incoming: IncomingMessage(
                message: message, brokerMessageID: row["broker_message_id"], senderKey: [UInt8](key),
                receivedAt: row["received_at"]), store: store.map { [UInt8]($0) }, isHistory: inboxID != nil)
    }
}

/// An end inside the writer's transaction.
///
/// Unchecked: `result` is touched by a write and its completion alone, one after the other (GroupCommit.submit).
private final class AwaitedSettlement: @unchecked Sendable {
    /// Messages that are let in with one.
    private static let maxFollowers = 256

    private let id: Int64
    private let end: AwaitedEnd
    private(set) var result = AwaitedArrivals()

    init(_ id: Int64, _ end: AwaitedEnd) {
        self.id = id
        self.end = end
    }

    func run(_ db: Database) throws {
        result = AwaitedArrivals()
        guard let row = try AwaitedMessage.find(id, db) else { return }
        let inboxID: Int64? = row["inbox_id"]
        if case .due = end {
            guard inboxID == nil else { return }
            return try letIn(laneOf: row, from: id, db)
        }
        try db.execute(sql: "DELETE FROM awaited WHERE id = ?", arguments: [id])
        if let inboxID { return try fill(inboxID, db) }
        switch end {
        case .arrived(let incoming): try arrive(incoming, db)
        case .refused(let reason): try refuse(row, reason, db)
        case .due: break
        }
        try letIn(laneOf: row, from: id, db)
    }

    /// What is out of history has its place, and nobody is told.
    private func fill(_ inboxID: Int64, _ db: Database) throws {
        guard case .arrived(let incoming) = end else { return }
        try BoundStatement(db, InboxInsertion.inserting(besides: ["id", "receipt_due"])).run { values in
            incoming.add(to: &values)
            values.add(inboxID)
            values.add(Int64(0))
        }
    }

    private func arrive(_ incoming: IncomingMessage, _ db: Database) throws {
        let row = try InboxInsertion.insert(incoming, by: InboxInsertion.insertingAwaited, db)
        result.messages.append(incoming)
        result.arrivals.append(row.map { .new($0) } ?? .known)
    }

    /// Of posts nobody is told.
    private func refuse(_ row: Row, _ reason: String, _ db: Database) throws {
        let (sender, id, topic): (String, String, String?) = (
            row["sender_member"], row["client_message_id"], row["topic"]
        )
        guard topic == nil else { return }
        try db.execute(
            sql: """
                INSERT INTO refusal (sender_member, client_message_id, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
                """, arguments: [sender, id, reason])
    }

    /// Those of one lane that only waited for others.
    private func letIn(laneOf row: Row, from id: Int64, _ db: Database) throws {
        let (sender, priority, topic): (String, Int64, String?) = (row["sender_member"], row["priority"], row["topic"])
        let followers = try Row.fetchAll(
            db,
            sql: """
                SELECT * FROM awaited WHERE sender_member = ? AND priority = ? AND topic IS ? AND inbox_id IS NULL
                AND id >= ? ORDER BY id LIMIT ?
                """, arguments: [sender, priority, topic, id, Self.maxFollowers])
        for follower in followers {
            // One that cannot be read is the next head, and ends by itself.
            guard let message = try? AwaitedMessage(follower), !message.incoming.isEnclosed else { return }
            try db.execute(sql: "DELETE FROM awaited WHERE id = ?", arguments: [message.id])
            try arrive(message.incoming, db)
        }
    }
}
