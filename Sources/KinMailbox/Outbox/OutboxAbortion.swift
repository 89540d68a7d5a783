import GRDB
import KinSQLite
import KinWire

/// The giving up of one message inside the writer's transaction.
///
/// Unchecked: what varies is touched by a write and its completion alone, one after the other (GroupCommit.submit).
final class OutboxAbortion: @unchecked Sendable {
    private let id: ClientMessageID
    /// Milliseconds.
    private let time: Int64
    private var row: OutboxRow?
    private var refusal: KinError?

    init(_ id: ClientMessageID, at time: Int64) {
        self.id = id
        self.time = time
    }

    /// - Returns: the bytes that cease to wait.
    func drop(_ db: Database) throws -> Int64 {
        let row = try droppable(db)
        // Given up before: that is what was asked for.
        guard row.status != .aborted else { return 0 }
        return try abort(row, by: "user", supersededBy: nil, db)
    }

    /// - Returns: the bytes that cease to wait.
    func requeue(_ acceptance: OutboxAcceptance, as other: ClientMessageID, _ db: Database) throws -> Int64 {
        let row = try droppable(db)
        if let successor = row.supersededBy {
            try refuse(
                KinError(
                    "outbox_aborted", "\(successor) was sent in its place", category: .conflict,
                    detail: ["superseded_by": .string(successor.description)]))
        }
        try acceptance.run(db)
        switch acceptance.outcome(after: nil) {
        case .success(.queued(_, isNew: true)): break
        case .failure(let error as KinError): try refuse(error)
        default: try refuse(KinError("outbox_id_taken", "the id \(other) is taken: use another", category: .conflict))
        }
        return try abort(row, by: "requeue", supersededBy: other, db)
    }

    func outcome(after error: StoreError?) -> Result<OutboxRow, any Error> {
        if let refusal { return .failure(refusal) }
        if let error { return .failure(KinError(outbox: error)) }
        guard let row else { return .failure(KinError(StoreError(.failed, "the message was not looked for"))) }
        return .success(row)
    }

    private func droppable(_ db: Database) throws -> OutboxRow {
        guard let found = try OutboxAcceptance.find(id, db) else {
            try refuse(.unknownMessage)
            throw StoreError(.failed, "refused")
        }
        row = found
        if !found.isUsers {
            try refuse(
                KinError(
                    "message_of_daemon", "the daemon sends \(id) on its own account: leave it to it",
                    category: .refused))
        }
        if found.status == .done && !found.isRefused {
            try refuse(
                KinError(
                    "outbox_done", "\(id) has left this machine and cannot be called back", category: .conflict))
        }
        return found
    }

    private func abort(
        _ row: OutboxRow, by: String, supersededBy other: ClientMessageID?, _ db: Database
    ) throws -> Int64 {
        let bytes = try Int64.fetchOne(
            db,
            sql: """
                UPDATE outbox SET status = 'aborted', aborted_at = coalesce(aborted_at, ?),
                    aborted_by = coalesce(aborted_by, ?), superseded_by = ?, next_attempt_at = NULL
                WHERE client_message_id = ? RETURNING length(payload)
                """, arguments: [time, by, other?.description, id.description])
        self.row = try OutboxAcceptance.find(id, db)
        return row.status == .pending ? bytes ?? 0 : 0
    }

    /// - Throws: always, so that the transaction takes back what was done in it.
    private func refuse(_ error: KinError) throws {
        refusal = error
        throw StoreError(.failed, error.message)
    }
}

extension KinError {
    static let unknownMessage = KinError(
        "unknown_message", "this device sent no message with that id", category: .notFound)
}
