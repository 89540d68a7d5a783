import Foundation
import GRDB
import KinEncoding
import KinWire

// What becomes of messages on their way.

extension OutboxStore {
    /// Contents that are erased keep their type, which says whose they were.
    static let erased = """
        CAST(json_object('body', '', 'content_type', json_extract(CAST(payload AS TEXT), '$.content_type')) AS BLOB)
        """

    /// The broker took these. Rides along with the next accept: losing it in a crash costs a repeat, which the broker recognises.
    /// - Parameter completion: called with whether it is on the disk.
    public func markRelayed(
        _ acks: [Ack], at time: Int64, completion: @escaping @Sendable (Bool) -> Void = { _ in }
    ) {
        writeReleasing(.rider) { db in
            let update = try db.cachedStatement(
                sql: """
                    UPDATE outbox SET status = 'done', relayed_at = ?, broker_message_id = ?, attempts = attempts + 1,
                        last_error = NULL, next_attempt_at = NULL
                    WHERE client_message_id = ? AND status = 'pending' RETURNING length(payload)
                    """)
            return try acks.reduce(0) { sum, ack in
                sum
                    + (try Int64.fetchOne(
                        update, arguments: [time, ack.brokerMessageID, ack.clientMessageID.description]) ?? 0)
            }
        } completion: {
            completion($0 == nil)
        }
    }

    /// The message can never be sent.
    /// - Parameter completion: called with whether it is on the disk.
    public func markDead(
        _ id: ClientMessageID, reason: String, completion: @escaping @Sendable (Bool) -> Void = { _ in }
    ) {
        writeReleasing { db in
            try Int64.fetchOne(
                db,
                sql: """
                    UPDATE outbox SET status = 'dead', last_error = ?, attempts = attempts + 1, next_attempt_at = NULL
                    WHERE client_message_id = ? AND status = 'pending' RETURNING length(payload)
                    """, arguments: [reason, id.description]) ?? 0
        } completion: {
            completion($0 == nil)
        }
    }

    /// The message was refused for now.
    public func markDelayed(_ id: ClientMessageID, reason: String, until time: Int64) {
        write(.rider) { db in
            try db.execute(
                sql: """
                    UPDATE outbox SET last_error = ?, next_attempt_at = ?, attempts = attempts + 1
                    WHERE client_message_id = ? AND status = 'pending'
                    """, arguments: [reason, time, id.description])
        }
    }

    /// The broker has the store of this identity. If it is another than before, or an older copy of it was put back, what was relayed, is not there and
    /// is not known to have arrived becomes pending again: the recipient recognises what it has.
    /// - Parameters:
    ///   - lastMessageID: the highest id the store has given.
    ///   - earliest: milliseconds; what was accepted before is left alone.
    ///   - completion: gets the number of such messages.
    public func moved(
        to store: [UInt8], lastMessageID: Int64, notBefore earliest: Int64,
        completion: @escaping @Sendable (Int) -> Void
    ) {
        let move = StoreMove(to: store, lastMessageID: lastMessageID, notBefore: earliest)
        write {
            try move.run($0)
        } completion: { [usage] error in
            if error == nil { usage.add(move.bytes) }
            completion(error == nil ? move.reopened : 0)
        }
    }

    /// Erases the content of messages that only this daemon had something to do with; their ids stay taken, and they are not sent again.
    /// - Parameter done: called once that is on disk.
    public func forget(_ ids: [ClientMessageID], at time: Int64, done: @escaping @Sendable () -> Void) {
        writeReleasing { db in
            var released: Int64 = 0
            for id in ids {
                released +=
                    try Int64.fetchOne(
                        db,
                        sql: "SELECT length(payload) FROM outbox WHERE client_message_id = ? AND status = 'pending'",
                        arguments: [id.description]) ?? 0
                try db.execute(
                    sql: """
                        UPDATE outbox SET payload = \(Self.erased), pruned_at = ?,
                            delivered_at = coalesce(delivered_at, ?),
                            status = CASE status WHEN 'pending' THEN 'dead' ELSE status END WHERE client_message_id = ?
                        """, arguments: [time, time, id.description])
            }
            return released
        } completion: { error in
            if error == nil { done() }
        }
    }

    /// A receipt of `signer` came: counts only for messages sent to it, and only once. Rides along.
    /// - Parameter completion: gets the messages whose state changed, once that is on disk; nil if it could not be stored.
    public func apply(
        _ receipt: Receipt, from signer: ULID, completion: @escaping @Sendable ([ClientMessageID]?) -> Void
    ) {
        let application = ReceiptApplication(receipt, signer: signer)
        write(.rider) { db in
            try application.run(db)
        } completion: { error in
            completion(error == nil ? application.changed : nil)
        }
    }
}
