import Foundation
import GRDB
import KinEncoding
import KinSQLite
import KinWire

/// The outbox that saved rows are written to.
///
/// Numbers are given anew, on a line of its own: with rows missing, the old ones could be given twice. Ids, contents and states stay, and so the
/// broker and the recipients know again what they have.
final class FreshOutbox {
    private static let batch = 500

    private let database: DurableDatabase
    private let line: Data
    /// Milliseconds.
    private let now: Int64
    private var waiting: [SavedRow] = []
    private var lastSeq: [OutboxRow.Lane: Int64] = [:]

    private(set) var ids: Set<ClientMessageID> = []
    private(set) var saved: [OutboxRow.Status: Int] = [:]
    /// Rows of an id that another row had: one of the two was never written.
    private(set) var doubles = 0

    init(_ database: DurableDatabase, line: [UInt8], now: Int64) {
        self.database = database
        self.line = Data(line)
        self.now = now
    }

    var savedCount: Int { saved.values.reduce(0, +) }

    /// Takes a row, with a higher id than those before.
    func add(_ row: SavedRow) throws {
        guard ids.insert(row.row.clientMessageID).inserted else {
            doubles += 1
            return
        }
        waiting.append(row)
        if waiting.count == Self.batch { try flush() }
    }

    func flush() throws {
        let marks = OutboxRow.columnNames.map { _ in "?" }.joined(separator: ", ")
        let sql = "INSERT INTO outbox (\(OutboxRow.columns)) VALUES (\(marks))"
        let rows = waiting.map { (row: $0.row, values: numbered($0)) }
        try database.change { db in
            let insert = try db.makeStatement(sql: sql)
            for row in rows { try insert.execute(arguments: StatementArguments(row.values)) }
        }
        for row in waiting { saved[row.row.status, default: 0] += 1 }
        waiting.removeAll()
    }

    private func numbered(_ row: SavedRow) -> [DatabaseValue] {
        lastSeq[row.row.lane, default: 0] += 1
        let seq = lastSeq[row.row.lane, default: 0]
        return zip(OutboxRow.columnNames, row.values).map { column, value in
            switch column {
            case "line": line.databaseValue
            case "seq": seq.databaseValue
            default: value
            }
        }
    }

    /// - Parameters:
    ///   - lost: they keep their ids. What is known to have waited is said to have failed; of the others nobody is told.
    ///   - contradicted: ids that were read where the index has others. They are taken too, if they are no other row's.
    ///   - sequence: the highest position that was given.
    func finish(lost: [LostRow], contradicted: [LostRow], sequence: Int64?, brokerStore: Data?) throws {
        let known = ids.union(lost.map(\.id))
        let buried = lost + contradicted.filter { !known.contains($0.id) }
        let (lanes, line, now) = (lastSeq, line, now)
        try database.change { db in
            // First, for a position that two claim is given anew, above all others.
            try Self.setSequence(max(sequence ?? 0, buried.map(\.rowID).max() ?? 0), db)
            for row in buried { try Self.bury(row, line: line, now: now, db) }
            for (lane, seq) in lanes {
                try db.execute(
                    sql: "INSERT INTO lane (kind, ref, priority, last_seq) VALUES (?, ?, ?, ?)",
                    arguments: [lane.destination.kind, lane.destination.ref, lane.priority.rank, seq])
            }
            try db.execute(sql: "UPDATE identity SET broker_store = ?", arguments: [brokerStore])
        }
    }

    /// SQLite's own table has a row for a table where one was written to it.
    private static func setSequence(_ sequence: Int64, _ db: Database) throws {
        let now = try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'") ?? 0
        try db.execute(sql: "DELETE FROM sqlite_sequence WHERE name = 'outbox'")
        try db.execute(
            sql: "INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?)", arguments: [max(now, sequence)])
    }

    private static let nobody = ULID(milliseconds: 0, randomness: [UInt8](repeating: 0, count: 10))

    private static func bury(_ row: LostRow, line: Data, now: Int64, _ db: Database) throws {
        let lane = row.lane ?? OutboxRow.Lane(destination: .dm(nobody), priority: .next)
        let isWaiting = row.lane != nil
        let isTaken = try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM outbox WHERE id = ?)", arguments: [row.rowID])
        try db.execute(
            sql: """
                INSERT INTO outbox (id, client_message_id, request_fingerprint, kind, ref, priority, line, seq, payload,
                    enqueued_at, status, last_error, aborted_at, aborted_by, pruned_at)
                VALUES (?, ?, zeroblob(32), ?, ?, ?, ?, 0, ?, ?, ?, 'lost', ?, ?, ?)
                """,
            arguments: [
                isTaken == true ? nil : row.rowID, row.id.description, lane.destination.kind, lane.destination.ref,
                lane.priority.rank, line,
                Data(OutboxRow.Content(body: "").payload), now, isWaiting ? "dead" : "aborted",
                isWaiting ? nil : now, isWaiting ? nil : "recover", now,
            ])
    }
}
