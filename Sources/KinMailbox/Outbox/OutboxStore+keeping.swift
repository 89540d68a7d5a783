import Foundation
import GRDB
import KinEncoding
import KinSQLite
public import KinWire

// What a user does about messages that do not go, or have gone long ago.

/// Which part of the outbox to read.
public struct OutboxQuery: Sendable {
    public enum Part: Sendable {
        /// What waits, and what failed.
        case unfinished
        /// What cannot be sent, or was refused by its recipient.
        case failed
    }

    public var part: Part
    /// Only rows with a higher id.
    public var after: Int64
    public var limit: Int

    public init(part: Part = .unfinished, after: Int64 = 0, limit: Int) {
        self.part = part
        self.after = after
        self.limit = limit
    }
}

extension OutboxStore {
    /// How old what was only relayed must be before its content is erased: until then another store may be given it.
    static let relayedAge: Int64 = 45 * 86_400_000
    private static let pruneBatch = 500

    /// Rows oldest first, and whether more follow.
    public func page(_ query: OutboxQuery) throws -> (rows: [OutboxRow], more: Bool) {
        let pending =
            query.part == .failed
            ? "" : "SELECT id FROM outbox WHERE status = 'pending' AND id > :after UNION ALL"
        let rows = try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(OutboxRow.columns) FROM outbox WHERE id IN (
                        \(pending)
                        SELECT id FROM outbox WHERE status = 'dead' AND id > :after UNION ALL
                        SELECT id FROM outbox WHERE refused_at IS NOT NULL AND status = 'done' AND id > :after)
                    ORDER BY id LIMIT :limit
                    """, arguments: ["after": query.after, "limit": query.limit + 1]
            ).map { try OutboxRow($0) }
        }
        return (Array(rows.prefix(query.limit)), rows.count > query.limit)
    }

    /// Gives a message up. Its id is never free again.
    /// - Throws: `unknown_message`; `outbox_done` where it has left; `message_of_daemon`.
    public func drop(_ id: ClientMessageID, at time: Int64) async throws -> OutboxRow {
        try await withCheckedThrowingContinuation { continuation in
            let abortion = OutboxAbortion(id, at: time)
            writeReleasing {
                try abortion.drop($0)
            } completion: { error in
                continuation.resume(with: abortion.outcome(after: error))
            }
        }
    }

    /// Gives a message up and takes another in its place.
    /// - Parameter committed: as of `accept`.
    /// - Throws: as `drop`; `outbox_aborted` where another is in its place already; `insufficient_storage`.
    public func requeue(
        _ id: ClientMessageID, as request: OutboxRequest, at time: Int64,
        committed: @escaping @Sendable (OutboxRow) -> Void
    ) async throws -> OutboxRow {
        let acceptance = OutboxAcceptance(request, line: line, usage: usage)
        return try await withCheckedThrowingContinuation { continuation in
            let abortion = OutboxAbortion(id, at: time)
            writeReleasing {
                try abortion.requeue(acceptance, as: request.clientMessageID, $0)
            } completion: { error in
                let accepted = acceptance.outcome(after: error)
                let result = abortion.outcome(after: error).flatMap { _ in accepted }
                if case .success(.queued(let row, isNew: true)) = result { committed(row) }
                continuation.resume(with: result.map(\.row))
            }
        }
    }

    /// Erases the content of finished messages; their ids stay taken.
    /// - Parameters:
    ///   - time: milliseconds; only those accepted before.
    ///   - now: milliseconds.
    /// - Returns: how many.
    public func prune(before time: Int64, now: Int64) async throws -> Int {
        var (last, count) = (Int64(0), 0)
        while true {
            // Found beside the writer, so that erasing holds up no accept for long.
            let ids = try finished(after: last, before: time, now: now)
            guard let highest = ids.last else { return count }
            last = highest
            count += try await erase(ids, at: now)
        }
    }

    private func finished(after id: Int64, before time: Int64, now: Int64) throws -> [Int64] {
        try read { db in
            try Int64.fetchAll(
                db,
                sql: """
                    SELECT id FROM outbox WHERE id > ? AND pruned_at IS NULL AND enqueued_at < ? AND (
                        status IN ('dead', 'aborted') OR status = 'done'
                            AND (delivered_at IS NOT NULL OR refused_at IS NOT NULL OR enqueued_at < ?))
                    ORDER BY id LIMIT \(Self.pruneBatch)
                    """, arguments: [id, time, now - Self.relayedAge])
        }
    }

    private func erase(_ ids: [Int64], at now: Int64) async throws -> Int {
        do {
            return try await database.writer.write { db in
                let erase = try db.cachedStatement(
                    sql:
                        "UPDATE outbox SET payload = \(Self.erased), pruned_at = ? WHERE id = ? AND status <> 'pending'"
                )
                return try ids.reduce(0) { count, id in
                    try erase.execute(arguments: [now, id])
                    return count + db.changesCount
                }
            }
        } catch let error as StoreError {
            throw KinError(outbox: error)
        }
    }
}

extension AcceptOutcome {
    /// The row it is about.
    public var row: OutboxRow {
        switch self {
        case .queued(let row, _), .finished(let row), .conflict(let row, _): row
        }
    }
}
