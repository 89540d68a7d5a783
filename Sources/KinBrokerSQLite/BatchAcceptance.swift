import Foundation
import GRDB
import KinBroker
import KinEncoding
import KinSQLite
import KinWire

/// One session's batch of sends inside the writer's transaction: the acceptance table of docs/protocol/mesh.md.
///
/// `@unchecked Sendable`: `outcomes` is only touched on the writer's thread.
final class BatchAcceptance: @unchecked Sendable {
    private let sender: ULID
    private let mesh: MeshKey
    private let now: Int64
    private let admit: @Sendable (Submission) -> Refusal?
    private var outcomes: [Acceptance] = []

    init(sender: ULID, mesh: MeshKey, now: Int64, admit: @escaping @Sendable (Submission) -> Refusal?) {
        self.sender = sender
        self.mesh = mesh
        self.now = now
        self.admit = admit
    }

    func run(_ batch: [Submission], _ db: Database) throws {
        outcomes.removeAll()
        for submission in batch { outcomes.append(try accept(submission, db)) }
    }

    /// One answer for each send; where the commit failed, nothing was stored and all may be sent again.
    func answers(after error: StoreError?, count: Int) -> [Acceptance] {
        guard let error else { return outcomes }
        return Array(repeating: .refused(error.code == .full ? .storageFull : .storageFailed), count: count)
    }

    private func accept(_ submission: Submission, _ db: Database) throws -> Acceptance {
        if let known = try known(submission.send, db) { return known }
        if let refusal = admit(submission) { return .refused(refusal) }
        return .stored(id: try insert(submission, db))
    }

    private func known(_ send: Send, _ db: Database) throws -> Acceptance? {
        let lookup = try db.cachedStatement(
            sql: """
                SELECT id, request_fingerprint, sent_at FROM message
                WHERE mesh = ? AND sender = ? AND client_message_id = ?
                """)
        let arguments: StatementArguments = [mesh.rowID, sender.description, send.clientMessageID.description]
        guard let row = try Row.fetchOne(lookup, arguments: arguments) else { return nil }
        let fingerprint = row["request_fingerprint"].bytes
        guard fingerprint == send.requestFingerprint else { return .refused(.reused(stored: fingerprint)) }
        return .duplicate(id: row["id"], firstSeenAt: row["sent_at"])
    }

    private func insert(_ submission: Submission, _ db: Database) throws -> Int64 {
        let send = submission.send
        let insert = try db.cachedStatement(
            sql: """
                INSERT INTO message (mesh, sender, client_message_id, request_fingerprint, kind, ref, priority, line,
                    seq, sent_at, expires_at, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try insert.execute(arguments: [
            mesh.rowID, sender.description, send.clientMessageID.description, send.requestFingerprint.data,
            send.destination.kind, send.destination.ref, send.priority.rank, send.line.data, send.seq, now,
            send.expiresAt, submission.body.data,
        ])
        return db.lastInsertedRowID
    }
}

extension [UInt8] {
    /// As GRDB stores a blob.
    var data: Data { Data(self) }

    static func fetchAll(_ db: Database, _ sql: String, _ arguments: StatementArguments) throws -> [[UInt8]] {
        try Data.fetchAll(db, sql: sql, arguments: arguments).map { [UInt8]($0) }
    }
}

extension Optional<any DatabaseValueConvertible> {
    /// A blob column's bytes.
    var bytes: [UInt8] { (self as? Data).map { [UInt8]($0) } ?? [] }
}
