import Foundation
import GRDB
import KinSQLite
import KinWire

/// One request inside the writer's transaction: the accept table.
final class OutboxAcceptance: @unchecked Sendable {  // what varies is only touched on the writer's thread
    private let request: OutboxRequest
    private let line: [UInt8]
    private let usage: OutboxUsage
    private var result: AcceptOutcome?
    private var reserved: Int64 = 0
    private var lacksRoom = false

    init(_ request: OutboxRequest, line: [UInt8], usage: OutboxUsage) {
        self.request = request
        self.line = line
        self.usage = usage
    }

    func run(_ db: Database) throws {
        if let row = try Self.find(request.clientMessageID, db) {
            result = judge(row)
            return
        }
        let payload = Data(request.content.payload)
        guard usage.reserve(Int64(payload.count)) else { return lacksRoom = true }
        reserved = Int64(payload.count)
        result = .queued(try insert(payload, db), isNew: true)
    }

    /// Whether nothing was taken; known once it has run.
    var isRefused: Bool {
        if case .conflict = result { true } else { lacksRoom }
    }

    func outcome(after error: StoreError?) -> Result<AcceptOutcome, any Error> {
        if let error {
            usage.release(reserved)
            return .failure(KinError(error))
        }
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

    private func insert(_ payload: Data, _ db: Database) throws -> OutboxRow {
        var row = OutboxRow(
            clientMessageID: request.clientMessageID, fingerprint: request.fingerprint, lane: request.lane, line: line,
            seq: try nextSeq(db), content: request.content, expiresAt: request.expiresAt,
            enqueuedAt: request.enqueuedAt, status: .pending)
        let insert = try db.cachedStatement(
            sql: """
                INSERT INTO outbox (client_message_id, request_fingerprint, kind, ref, priority, line, seq, payload,
                    expires_at, enqueued_at, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending')
                """)
        try insert.execute(arguments: [
            row.clientMessageID.description, Data(row.fingerprint), row.lane.destination.kind,
            row.lane.destination.ref, row.lane.priority.rank, Data(row.line), row.seq, payload,
            row.expiresAt, row.enqueuedAt,
        ])
        row.id = db.lastInsertedRowID
        return row
    }

    private func nextSeq(_ db: Database) throws -> Int64 {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO lane (kind, ref, priority, last_seq) VALUES (?, ?, ?, 1)
                ON CONFLICT (kind, ref, priority) DO UPDATE SET last_seq = last_seq + 1 RETURNING last_seq
                """)
        let lane = request.lane
        let arguments: StatementArguments = [lane.destination.kind, lane.destination.ref, lane.priority.rank]
        guard let seq = try Int64.fetchOne(statement, arguments: arguments) else {
            throw StoreError(.failed, "no sequence number was given")
        }
        return seq
    }
}

/// Messages that are to be taken together in their order: after one that is not, none is.
final class OutboxChain: @unchecked Sendable {  // `isBroken` is only touched on the writer's thread
    private var isBroken = false

    func check() throws {
        if isBroken { throw StoreError(.failed, "a message before this one was not taken") }
    }

    func breakOff() { isBroken = true }
}
