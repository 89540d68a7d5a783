import GRDB
public import KinEncoding
public import KinWire

// What senders are told: flags on inbox rows, and the messages that were refused.

/// One receipt to send: to whom, about what.
public struct DueReceipt: Hashable, Sendable {
    public var sender: ULID
    public var kind: Receipt.Kind
    /// Of `refused`.
    public var reason: String?
    public var ids: [ClientMessageID]

    public init(sender: ULID, kind: Receipt.Kind, reason: String? = nil, ids: [ClientMessageID]) {
        self.sender = sender
        self.kind = kind
        self.reason = reason
        self.ids = ids
    }
}

/// How far the receipts that are due have been looked at.
public struct ReceiptPosition: Hashable, Sendable {
    var delivered = InboxQuery.beginning
    var read = InboxQuery.beginning
    var refused: Int64 = 0

    /// At the beginning.
    public init() {}
}

/// A message that opened, is from a known member to this device, and is not taken all the same.
public struct RefusedMessage: Hashable, Sendable {
    public var sender: ULID
    public var clientMessageID: ClientMessageID
    /// 1 to 64 of a-z 0-9 _.
    public var reason: String

    public init(sender: ULID, clientMessageID: ClientMessageID, reason: String) {
        self.sender = sender
        self.clientMessageID = clientMessageID
        self.reason = reason
    }
}

extension InboxStore {
    /// Notes that senders are to be told of refusals; not of messages the inbox has or had.
    /// - Parameters:
    ///   - intake: the connection they came by: what came before them on it is stored first.
    ///   - completion: gets, for each, whether it was refused; false: it is here.
    public func refuse(
        _ messages: [RefusedMessage], from intake: InboxIntake,
        completion: @escaping @Sendable (Result<[Bool], KinError>) -> Void
    ) {
        let refusal = Refusal()
        database.writer.submit { db in
            try intake.run { try refusal.run(messages, db) }
        } completion: { error in
            if error != nil { intake.breakOff() }
            completion(error.map { .failure(KinError(inbox: $0)) } ?? .success(refusal.outcomes))
        }
    }

    /// The user or a program has read these.
    /// - Parameter ids: of inbox rows; unknown ones and those read before are passed over.
    /// - Returns: those that were not read before.
    public func markRead(_ ids: [Int64], at time: Int64) async throws -> [Int64] {
        do {
            return try await database.writer.write { db in
                let update = try db.cachedStatement(
                    sql: "UPDATE inbox SET read_at = ?, read_due = topic IS NULL WHERE id = ? AND read_at IS NULL")
                return try ids.filter { id in
                    try update.execute(arguments: [time, id])
                    return db.changesCount > 0
                }
            }
        } catch {
            throw KinError(storeError: error)
        }
    }

    /// The receipts that are due behind a position, which moves on; none: none is due.
    /// - Parameter limit: messages looked at.
    public func receiptsDue(after position: inout ReceiptPosition, limit: Int) throws -> [DueReceipt] {
        let start = position
        let (due, end) = try read { db in
            var position = start
            let delivered = try Self.due(.delivered, db, after: &position.delivered, limit)
            if !delivered.isEmpty { return (delivered, position) }
            let read = try Self.due(.read, db, after: &position.read, limit)
            if !read.isEmpty { return (read, position) }
            return (try Self.due(.refused, db, after: &position.refused, limit), position)
        }
        position = end
        return due
    }

    /// The broker took this receipt. Rides along: losing it costs a repeated receipt, which changes nothing.
    public func clear(_ receipt: DueReceipt) {
        database.writer.submit(.rider) { db in
            let update = try db.cachedStatement(sql: Self.clearing(receipt.kind))
            for id in receipt.ids { try update.execute(arguments: [receipt.sender.description, id.description]) }
        }
    }

    private static func due(
        _ kind: Receipt.Kind, _ db: Database, after row: inout Int64, _ limit: Int
    ) throws -> [DueReceipt] {
        let rows = try Row.fetchAll(db.cachedStatement(sql: selecting(kind)), arguments: [row, limit])
        row = rows.last?["id"] ?? row
        var groups: [DueReceipt] = []
        for row in rows {
            guard let sender = ULID(row["sender_member"]), let id = ClientMessageID(row["client_message_id"]) else {
                continue
            }
            let reason: String? = kind == .refused ? row["reason"] : nil
            if let index = groups.firstIndex(where: { $0.sender == sender && $0.reason == reason }) {
                groups[index].ids.append(id)
            } else {
                groups.append(DueReceipt(sender: sender, kind: kind, reason: reason, ids: [id]))
            }
        }
        return groups
    }

    private static func selecting(_ kind: Receipt.Kind) -> String {
        let columns = "SELECT id, sender_member, client_message_id"
        return switch kind {
        case .delivered: "\(columns) FROM inbox WHERE receipt_due = 1 AND id > ? ORDER BY id LIMIT ?"
        case .read: "\(columns) FROM inbox WHERE read_due = 1 AND id > ? ORDER BY id LIMIT ?"
        case .refused: "\(columns), reason FROM refusal WHERE id > ? ORDER BY id LIMIT ?"
        }
    }

    private static func clearing(_ kind: Receipt.Kind) -> String {
        switch kind {
        case .delivered: "UPDATE inbox SET receipt_due = 0 WHERE sender_member = ? AND client_message_id = ?"
        case .read: "UPDATE inbox SET read_due = 0 WHERE sender_member = ? AND client_message_id = ?"
        case .refused: "DELETE FROM refusal WHERE sender_member = ? AND client_message_id = ?"
        }
    }
}

/// Refusals inside the writer's transaction.
///
/// Unchecked: `outcomes` is touched by a write and its completion alone, one after the other (GroupCommit.submit).
private final class Refusal: @unchecked Sendable {
    private(set) var outcomes: [Bool] = []

    func run(_ messages: [RefusedMessage], _ db: Database) throws {
        outcomes = try messages.map { message in
            let arguments: StatementArguments = [message.sender.description, message.clientMessageID.description]
            let isHere = try Int.fetchOne(
                db, sql: "SELECT 1 FROM inbox WHERE sender_member = ? AND client_message_id = ?", arguments: arguments)
            let isAwaited = try AwaitedMessage.isHere(message.sender, message.clientMessageID, db)
            let isFormer = try InboxInsertion.isFormer(message.sender, message.clientMessageID, db)
            guard isHere == nil, !isAwaited, !isFormer else { return false }
            try db.execute(
                sql: """
                    INSERT INTO refusal (sender_member, client_message_id, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
                    """, arguments: arguments + [message.reason])
            return true
        }
    }
}
