import Foundation
import GRDB
import KinSQLite
import KinWire
import Synchronization

/// One request inside the writer's transaction: the accept table.
///
/// Unchecked: what varies is touched by a write and its completion alone, one after the other (GroupCommit.submit).
final class OutboxAcceptance: @unchecked Sendable {
    private let request: OutboxRequest
    private let line: [UInt8]
    private let usage: OutboxUsage
    private var result: AcceptOutcome?
    private var reserved: Int64 = 0
    private var lacksRoom = false
    /// The row that has the id cannot be read: that is this caller's trouble, not its neighbours'.
    private(set) var damage: StoreError?

    init(_ request: OutboxRequest, line: [UInt8], usage: OutboxUsage) {
        self.request = request
        self.line = line
        self.usage = usage
    }

    func run(_ db: Database) throws {
        let payload = request.content.payload
        guard usage.reserve(Int64(payload.count)) else {
            // What was taken before is recognised whether there is room or not.
            try recognise(db)
            return lacksRoom = result == nil && damage == nil
        }
        reserved = Int64(payload.count)
        if let row = try insert(payload, db) { return result = .queued(row, isNew: true) }
        usage.release(reserved)
        reserved = 0
        try recognise(db)
    }

    private func recognise(_ db: Database) throws {
        do {
            result = try Self.find(request.clientMessageID, db).map(judge)
        } catch let error as StoreError {
            damage = error
        }
    }

    /// Whether nothing was taken; known once it has run.
    var isRefused: Bool {
        if case .conflict = result { true } else { lacksRoom || damage != nil }
    }

    func outcome(after error: StoreError?) -> Result<AcceptOutcome, any Error> {
        if let error {
            usage.release(reserved)
            return .failure(KinError(outbox: error))
        }
        if let damage { return .failure(KinError(outbox: damage)) }
        if lacksRoom { return .failure(usage.noRoom) }
        guard let result else { return .failure(KinError(StoreError(.failed, "the message was not stored"))) }
        return .success(result)
    }

    static func find(_ id: ClientMessageID, _ db: Database) throws -> OutboxRow? {
        let statement = try db.cachedStatement(
            sql: "SELECT \(OutboxRow.columns) FROM outbox WHERE client_message_id = ?")
        return try Row.fetchOne(statement, arguments: [id.description]).map { try OutboxRow($0) }
    }

    private func judge(_ row: OutboxRow) -> AcceptOutcome {
        let matches = row.fingerprint == request.fingerprint
        switch row.status {
        case .pending where matches: return .queued(row, isNew: false)
        case .done where matches: return .finished(row)
        default: return .conflict(row, matches: matches)
        }
    }

    /// The new row; nil where the id is taken.
    private func insert(_ payload: [UInt8], _ db: Database) throws -> OutboxRow? {
        let (kind, ref) = (request.lane.destination.kind, request.lane.destination.ref)
        let rank = Int64(request.lane.priority.rank)
        let insert = try BoundStatement(
            db,
            """
            INSERT INTO outbox (kind, ref, priority, seq, client_message_id, request_fingerprint, line, payload,
                expires_at, enqueued_at, status)
            VALUES (?1, ?2, ?3,
                1 + coalesce((SELECT last_seq FROM lane WHERE kind = ?1 AND ref = ?2 AND priority = ?3), 0),
                ?4, ?5, ?6, ?7, ?8, ?9, 'pending')
            ON CONFLICT (client_message_id) DO NOTHING RETURNING seq
            """)
        let seq = try insert.run { values in
            values.add(kind)
            values.add(ref)
            values.add(rank)
            values.add(request.clientMessageID.description)
            values.add(request.fingerprint)
            values.add(line)
            values.add(payload)
            values.add(request.expiresAt)
            values.add(request.enqueuedAt)
        }
        guard let seq else { return nil }
        let id = db.lastInsertedRowID
        try BoundStatement(
            db,
            """
            INSERT INTO lane (kind, ref, priority, last_seq) VALUES (?, ?, ?, ?)
            ON CONFLICT (kind, ref, priority) DO UPDATE SET last_seq = excluded.last_seq
            """
        ).run { values in
            values.add(kind)
            values.add(ref)
            values.add(rank)
            values.add(seq)
        }
        var row = OutboxRow(
            clientMessageID: request.clientMessageID, fingerprint: request.fingerprint, lane: request.lane, line: line,
            seq: seq, content: request.content, expiresAt: request.expiresAt, enqueuedAt: request.enqueuedAt,
            status: .pending)
        row.id = id
        return row
    }
}

/// Messages that are to be taken together in their order: after one that is not, none is.
final class OutboxChain: Sendable {
    /// Set by the writer, and by who submits once the store is closed.
    private let isBroken = Atomic(false)

    func check() throws {
        if isBroken.load(ordering: .relaxed) { throw StoreError(.failed, "a message before this one was not taken") }
    }

    func breakOff() { isBroken.store(true, ordering: .relaxed) }
}
