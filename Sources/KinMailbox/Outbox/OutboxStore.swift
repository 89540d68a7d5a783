import Foundation
import GRDB
import KinEncoding
import KinSQLite
import KinWire

/// The durable outbox of one daemon: what was accepted survives any crash, and an id once written is never free again.
public final class OutboxStore: Sendable {
    private let database: DurableDatabase
    /// 8 bytes made with the file: a lost or restored outbox starts a new line.
    public let line: [UInt8]

    /// Opens or creates `outbox.db`, checking its integrity.
    /// - Parameter makeLine: 8 random bytes, for a new file.
    public init(path: String, makeLine: () -> [UInt8]) throws {
        do {
            database = try DurableDatabase(
                path: path, migrator: OutboxSchema.migrator(makeLine), checkingIntegrity: true)
            let stored = try database.read { try Data.fetchOne($0, sql: "SELECT line FROM identity") }
            line = [UInt8](stored ?? Data())
        } catch let error as StoreError {
            throw KinError(error)
        }
    }

    public func close() { database.close() }

    /// Takes a message into the outbox, or recognises one already taken (docs/protocol/local-api.md, "Sending").
    ///
    /// `committed` is called with each new row in the order of the commits, before the caller hears of it.
    public func accept(
        _ request: OutboxRequest, committed: @escaping @Sendable (OutboxRow) -> Void
    ) async throws -> AcceptOutcome {
        let line = line
        return try await withCheckedThrowingContinuation { continuation in
            let acceptance = OutboxAcceptance(request, line: line)
            database.writer.submit { db in
                try acceptance.run(db)
            } completion: { error in
                let outcome = acceptance.outcome(after: error)
                if case .success(.queued(let row, isNew: true)) = outcome { committed(row) }
                continuation.resume(with: outcome)
            }
        }
    }

    /// One message by its id; nil where the id was never taken.
    public func row(_ id: ClientMessageID) throws -> OutboxRow? {
        try read { try OutboxAcceptance.find(id, $0) }
    }

    /// Lanes with messages the broker has not taken.
    public func pendingLanes() throws -> [OutboxRow.Lane] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT DISTINCT kind, ref, priority FROM outbox WHERE status = 'pending'")
                .compactMap { row in
                    guard let destination = Destination(kind: row["kind"], ref: row["ref"]),
                        let priority = Priority(rank: row["priority"])
                    else { return nil }
                    return OutboxRow.Lane(destination: destination, priority: priority)
                }
        }
    }

    /// Messages of a lane the broker has not taken, in order, after `seq`.
    public func pending(in lane: OutboxRow.Lane, after seq: Int64, limit: Int) throws -> [OutboxRow] {
        try read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(OutboxRow.columns) FROM outbox
                    WHERE kind = ? AND ref = ? AND priority = ? AND status = 'pending' AND seq > ? ORDER BY seq LIMIT ?
                    """)
            let arguments: StatementArguments = [
                lane.destination.kind, lane.destination.ref, lane.priority.rank, seq, limit,
            ]
            return try Row.fetchAll(statement, arguments: arguments).map { try OutboxRow($0) }
        }
    }

    /// Why the oldest waiting message was refused last; nil where none was.
    public func lastRefusal() throws -> String? {
        try read { db in
            try String.fetchOne(
                db,
                sql:
                    "SELECT last_error FROM outbox WHERE status = 'pending' AND last_error IS NOT NULL ORDER BY id LIMIT 1"
            )
        }
    }

    /// How many messages wait, and how many cannot be sent.
    public func depth() throws -> (pending: Int, dead: Int) {
        try read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT status, count(*) AS n FROM outbox WHERE status IN ('pending', 'dead') GROUP BY status")
            let counts = Dictionary(rows.map { ($0["status"] as String, $0["n"] as Int) }) { $0 + $1 }
            return (counts["pending"] ?? 0, counts["dead"] ?? 0)
        }
    }

    /// The broker took these. Rides along with the next accept: losing it in a crash costs a repeat, which the broker recognises.
    public func markRelayed(_ acks: [Ack], at time: Int64) {
        database.writer.submit(.rider) { db in
            let update = try db.cachedStatement(
                sql: """
                    UPDATE outbox SET status = 'done', relayed_at = ?, broker_message_id = ?, attempts = attempts + 1,
                        last_error = NULL WHERE client_message_id = ? AND status = 'pending'
                    """)
            for ack in acks {
                try update.execute(arguments: [time, ack.brokerMessageID, ack.clientMessageID.description])
            }
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
        database.writer.submit { db in
            try move.run(db)
        } completion: { error in
            completion(error == nil ? move.reopened : 0)
        }
    }

    /// Erases the content of messages that only this daemon had something to do with; their ids stay taken, and they are not sent again.
    /// - Parameter done: called once that is on disk.
    public func forget(_ ids: [ClientMessageID], at time: Int64, done: @escaping @Sendable () -> Void) {
        let empty = Data(OutboxRow.Content(body: "").payload)
        database.writer.submit { db in
            for id in ids {
                try db.execute(
                    sql: """
                        UPDATE outbox SET payload = ?, delivered_at = coalesce(delivered_at, ?),
                            status = CASE status WHEN 'pending' THEN 'dead' ELSE status END WHERE client_message_id = ?
                        """, arguments: [empty, time, id.description])
            }
        } completion: { error in
            if error == nil { done() }
        }
    }

    /// The message can never be sent.
    public func markDead(_ id: ClientMessageID, reason: String) {
        database.writer.submit { db in
            try db.execute(
                sql: """
                    UPDATE outbox SET status = 'dead', last_error = ?, attempts = attempts + 1
                    WHERE client_message_id = ? AND status = 'pending'
                    """, arguments: [reason, id.description])
        }
    }

    /// The message was refused for now.
    public func markDelayed(_ id: ClientMessageID, reason: String, until time: Int64) {
        database.writer.submit(.rider) { db in
            try db.execute(
                sql: """
                    UPDATE outbox SET last_error = ?, next_attempt_at = ?, attempts = attempts + 1
                    WHERE client_message_id = ? AND status = 'pending'
                    """, arguments: [reason, time, id.description])
        }
    }

    /// A receipt of `signer` came: counts only for messages sent to it, and only once. Rides along.
    /// - Parameter completion: gets the messages whose state changed, once that is on disk; nil if it could not be stored.
    public func apply(
        _ receipt: Receipt, from signer: ULID, completion: @escaping @Sendable ([ClientMessageID]?) -> Void
    ) {
        let application = ReceiptApplication(receipt, signer: signer)
        database.writer.submit(.rider) { db in
            try application.run(db)
        } completion: { error in
            completion(error == nil ? application.changed : nil)
        }
    }

    private func read<T>(_ body: (Database) throws -> T) throws -> T {
        do { return try database.read(body) } catch let error as StoreError { throw KinError(error) }
    }
}
