import Foundation
import GRDB
import KinSQLite
import KinWire

/// Reads what is left of an outbox, and changes nothing in it.
struct OutboxSalvage {
    private let queue: DatabaseQueue
    private let path: String
    /// nil where not even the names of its columns can be read.
    private let columns: Set<String>?

    /// - Returns: nil where the file is none of SQLite's any more.
    /// - Throws: `StoreError`: `unavailable` where it cannot be opened, `newerSchema`.
    init?(_ path: String) throws {
        self.path = path
        guard let queue = try Self.open(path, isStrict: false) else { return nil }
        self.queue = queue
        columns = try? queue.unsafeRead { db in Set(try db.columns(in: "outbox").map(\.name)) }
        let isNewer = (try? queue.unsafeRead(OutboxSchema.migrator { [] }.hasBeenSuperseded)) ?? false
        if isNewer || columns?.isSubset(of: OutboxRow.columnNames) == false {
            throw StoreError(.newerSchema, "\(path) was written by a newer kin: update kin on this machine")
        }
    }

    /// - Parameter isStrict: refuses, as a daemon does, a file that is shorter than it says or whose tables' descriptions are damaged.
    /// - Returns: nil where the file is damaged too much to be opened.
    private static func open(_ path: String, isStrict: Bool) throws -> DatabaseQueue? {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        if !isStrict { configuration.prepareDatabase { try $0.execute(sql: "PRAGMA writable_schema = ON") } }
        do {
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch  where isDamage(error) {
            return nil
        } catch {
            throw DurableDatabase.storeError(error, path: path)
        }
    }

    func close() { try? queue.close() }

    /// What a damaged file or a failing disk says; other errors pass, and say nothing of the file.
    static func isDamage(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return error is StoreError }
        return [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_IOERR, .SQLITE_ERROR, .SQLITE_SCHEMA, .SQLITE_FORMAT]
            .contains(error.resultCode)
    }

    // MARK: Is it damaged?

    /// Whether nothing is wrong with it: what a daemon could ever meet is looked at, which is more than it looks at when it starts.
    /// - Returns: how many messages it holds; nil where it is damaged.
    /// - Throws: `StoreError` where that cannot be found out.
    func soundCount() throws -> Int? {
        guard let queue = try Self.open(path, isStrict: true) else { return nil }
        defer { try? queue.close() }
        do {
            return try queue.unsafeRead { db in
                guard try String.fetchOne(db, sql: "PRAGMA integrity_check(1)") == "ok" else { return nil }
                guard try Data.fetchAll(db, sql: "SELECT line FROM identity").map(\.count) == [8] else { return nil }
                guard try !Self.lanesRunBehind(db) else { return nil }
                var count = 0
                let rows = try Row.fetchCursor(db, sql: "SELECT \(selection) FROM outbox NOT INDEXED")
                while let row = try rows.next() {
                    guard SavedRow(row) != nil else { return nil }
                    count += 1
                }
                return count
            }
        } catch  where Self.isDamage(error) {
            return nil
        } catch {
            throw DurableDatabase.storeError(error, path: path)
        }
    }

    /// Whether a number would be given twice.
    private static func lanesRunBehind(_ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (SELECT 1 FROM outbox LEFT JOIN lane USING (kind, ref, priority)
                    GROUP BY kind, ref, priority HAVING max(seq) > coalesce(max(last_seq), 0))
                """) ?? false
    }

    // MARK: What is left

    struct Scan {
        /// Rows that were read and hold what was never written there.
        var invalid = 0
        /// No place was passed over.
        var isComplete = true
    }

    /// Misses in a row after which nothing more is looked for: more rows than any page leads to.
    private static let patience = 1_000_000
    /// Looked for beyond the last row where nothing says how many there were.
    private static let beyond: Int64 = 10_000

    /// Every row that can be read, by rising id: where one cannot, the next id is looked up, until rows can be read again.
    func rows(_ body: (SavedRow) throws -> Void) throws -> Scan {
        var scan = Scan()
        guard columns?.isEmpty == false else { return Scan(isComplete: false) }
        try queue.unsafeRead { db in
            let statement = try db.makeStatement(
                sql: "SELECT \(selection) FROM outbox NOT INDEXED WHERE id >= ? ORDER BY id")
            var (next, misses) = (Int64(1), 0)
            let last = Self.lastID(db)
            while true {
                do {
                    let cursor = try Row.fetchCursor(statement, arguments: [next])
                    while let row = try cursor.next() {
                        guard let id = Int64.fromDatabaseValue(row["id"]), id >= next, id < .max else {
                            throw StoreError(.corrupt, "the rows are out of order")
                        }
                        (next, misses) = (id + 1, 0)
                        if let saved = SavedRow(row) { try Self.hand(saved, to: body) } else { scan.invalid += 1 }
                    }
                    return
                } catch let error as Stopped {
                    throw error.cause
                } catch  where Self.isDamage(error) {
                    scan.isComplete = false
                    (next, misses) = (next + 1, misses + 1)
                    guard misses < Self.patience, next <= last ?? next, last != nil || misses < Self.beyond else {
                        return
                    }
                }
            }
        }
        return scan
    }

    /// Whoever takes the rows failed: that is no damage of this file.
    private struct Stopped: Error {
        let cause: any Error
    }

    private static func hand(_ row: SavedRow, to body: (SavedRow) throws -> Void) throws {
        do { try body(row) } catch { throw Stopped(cause: error) }
    }

    /// The highest id there can be; nil where that cannot be read.
    private static func lastID(_ db: Database) -> Int64? {
        let found = try? Int64.fetchOne(db, sql: "SELECT max(id) FROM outbox NOT INDEXED")
        return found ?? sequence(db)
    }

    private static func sequence(_ db: Database) -> Int64? {
        let found = try? Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")
        return found.flatMap { (0...1 << 53).contains($0) ? $0 : nil }
    }

    /// The highest id that was given; nil where that cannot be read.
    func sequence() -> Int64? { queue.unsafeRead { Self.sequence($0) } }

    /// The broker's store that messages were relayed to.
    /// - Returns: what can be no store's where that cannot be read: what is not known to have arrived then goes out again.
    func brokerStore() -> Data? {
        let unknown = Data(repeating: 0, count: 16)
        let rows = try? queue.unsafeRead { try DatabaseValue.fetchAll($0, sql: "SELECT broker_store FROM identity") }
        guard let rows, rows.count == 1, let value = rows.first else { return unknown }
        switch value.storage {
        case .null: return nil
        case .blob(let store) where store.count == 16: return store
        default: return unknown
        }
    }

    /// What the index of the ids tells.
    struct Index {
        /// Positions.
        var rows: [ClientMessageID: Int64] = [:]
        var taken: Set<Int64> = []
        /// It was read to the end.
        var isComplete = false

        /// Whether a row's position is another's.
        func contradicts(_ row: OutboxRow) -> Bool { taken.contains(row.id) && rows[row.clientMessageID] != row.id }
    }

    /// Read from both ends, as far as each can be.
    func index() -> Index {
        var index = Index()
        for direction in ["ASC", "DESC"] where !index.isComplete {
            index.isComplete = read(
                """
                SELECT client_message_id, id FROM outbox INDEXED BY sqlite_autoindex_outbox_1
                ORDER BY client_message_id \(direction)
                """
            ) { row in
                guard let id = String.fromDatabaseValue(row[0]).flatMap({ ClientMessageID($0) }),
                    let rowID = Int64.fromDatabaseValue(row[1]), rowID > 0, rowID <= 1 << 53
                else { return }
                index.rows[id] = rowID
                index.taken.insert(rowID)
            }
        }
        return index
    }

    /// Rows that the index tells of and that were not saved.
    func lost(_ index: Index, saved: Set<ClientMessageID>) -> [LostRow] {
        let waiting = waitingLanes()
        return index.rows.filter { !saved.contains($0.key) }
            .map { LostRow(id: $0.key, lane: waiting[$0.value], rowID: $0.value) }.sorted { $0.rowID < $1.rowID }
    }

    /// By the index of what waits, which has the lane of each, and without a look at the rows.
    private func waitingLanes() -> [Int64: OutboxRow.Lane] {
        var lanes: [Int64: OutboxRow.Lane] = [:]
        for direction in ["ASC", "DESC"] {
            let isComplete = read(
                """
                SELECT id, kind, ref, priority FROM outbox INDEXED BY outbox_pending WHERE status = 'pending'
                ORDER BY kind \(direction), ref \(direction), priority \(direction), seq \(direction)
                """
            ) { row in
                guard let id = Int64.fromDatabaseValue(row[0]), let kind = String.fromDatabaseValue(row[1]),
                    let ref = String.fromDatabaseValue(row[2]), let rank = Int.fromDatabaseValue(row[3]),
                    let destination = Destination(kind: kind, ref: ref), let priority = Priority(rank: rank)
                else { return }
                lanes[id] = OutboxRow.Lane(destination: destination, priority: priority)
            }
            if isComplete { break }
        }
        return lanes
    }

    /// - Returns: whether the end was reached.
    private func read(_ sql: String, _ body: (Row) -> Void) -> Bool {
        let end: Void? = try? queue.unsafeRead { db in
            let cursor = try Row.fetchCursor(db, sql: sql)
            while let row = try cursor.next() { body(row) }
        }
        return end != nil
    }

    /// Columns that came with later versions are empty in an older file.
    private var selection: String {
        OutboxRow.columnNames.map { columns?.contains($0) != false ? $0 : "NULL AS \($0)" }.joined(separator: ", ")
    }
}
