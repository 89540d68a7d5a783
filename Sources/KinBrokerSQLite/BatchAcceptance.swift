import Foundation
import GRDB
import KinBroker
import KinEncoding
import KinSQLite
import KinWire

/// One session's batch of sends inside the writer's transaction: the acceptance table of docs/protocol/mesh.md.
///
/// `@unchecked Sendable`: `outcomes` and `isWary` are touched by a write and its completion alone, which `GroupCommit.submit` runs one after the other.
final class BatchAcceptance: @unchecked Sendable {
    private let sender: ULID
    private let senderText: String
    private let mesh: MeshKey
    private let now: Int64
    /// Whether a refusal is to be reckoned with.
    private var isWary: Bool
    private let tellKnown: @Sendable (Submission) -> Void
    private let admit: @Sendable (Submission) -> Refusal?
    private var outcomes: [Acceptance] = []

    init(
        sender: ULID, mesh: MeshKey, wary: Bool, now: Int64, known: @escaping @Sendable (Submission) -> Void,
        admit: @escaping @Sendable (Submission) -> Refusal?
    ) {
        isWary = wary
        self.sender = sender
        senderText = sender.description
        self.mesh = mesh
        self.now = now
        tellKnown = known
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
        if isWary { return try acceptWarily(submission, db) }
        guard try insert(submission, db) else { return try known(submission, db) ?? Self.contradiction() }
        let id = db.lastInsertedRowID
        guard let refusal = admit(submission) else { return try stored(submission.send, id: id, db) }
        // The first refusal is taken back; those that follow are not written.
        isWary = true
        try BoundStatement(db, "DELETE FROM message WHERE id = ?").run { $0.add(id) }
        return .refused(refusal)
    }

    private func acceptWarily(_ submission: Submission, _ db: Database) throws -> Acceptance {
        if let known = try known(submission, db) { return known }
        if let refusal = admit(submission) { return .refused(refusal) }
        _ = try insert(submission, db)
        return try stored(submission.send, id: db.lastInsertedRowID, db)
    }

    /// With a post its topic's epoch rises: whoever leaves after it has seen that one.
    private func stored(_ send: Send, id: Int64, _ db: Database) throws -> Acceptance {
        if case .topic(let topic) = send.destination, let counter = send.epoch?.counter {
            try BoundStatement(
                db, "UPDATE topic SET epoch = ? WHERE mesh = ? AND name = ? AND epoch < ?"
            ).run { values in
                values.add(counter)
                values.add(mesh.rowID)
                values.add(topic.description)
                values.add(counter)
            }
        }
        return .stored(id: id)
    }

    private static func contradiction() throws -> Acceptance {
        throw StoreError(.failed, "a message is there and is not")
    }

    private func known(_ submission: Submission, _ db: Database) throws -> Acceptance? {
        let send = submission.send
        let lookup = try db.cachedStatement(
            sql: """
                SELECT id, request_fingerprint, sent_at FROM message
                WHERE mesh = ? AND sender = ? AND client_message_id = ?
                """)
        let arguments: StatementArguments = [mesh.rowID, sender.description, send.clientMessageID.description]
        guard let row = try Row.fetchOne(lookup, arguments: arguments) else { return nil }
        tellKnown(submission)
        let fingerprint = row["request_fingerprint"].bytes
        guard fingerprint == send.requestFingerprint else { return .refused(.reused(stored: fingerprint)) }
        return .duplicate(id: row["id"], firstSeenAt: row["sent_at"])
    }

    /// Returns whether the id was free.
    private func insert(_ submission: Submission, _ db: Database) throws -> Bool {
        let send = submission.send
        let insert = try BoundStatement(
            db,
            """
            INSERT INTO message (mesh, sender, client_message_id, request_fingerprint, kind, ref, priority, line,
                seq, sent_at, expires_at, body, epoch_counter, epoch_minter)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (mesh, sender, client_message_id) DO NOTHING
            """)
        try insert.run { values in
            values.add(mesh.rowID)
            values.add(senderText)
            values.add(send.clientMessageID.description)
            values.add(send.requestFingerprint)
            values.add(send.destination.kind)
            values.add(send.destination.ref)
            values.add(Int64(send.priority.rank))
            values.add(send.line)
            values.add(send.seq)
            values.add(now)
            values.add(send.expiresAt)
            values.add(submission.body)
            values.add(send.epoch?.counter)
            values.add(send.epoch?.minter.description)
        }
        return db.changesCount > 0
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
