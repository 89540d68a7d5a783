import Foundation
import GRDB
import KinEncoding
import KinSQLite
import KinWire

/// The durable inbox of one daemon: each message once, in the order of arrival.
public final class InboxStore: Sendable {
    let database: DurableDatabase
    /// Whether it can be searched.
    public let isIndexed: Bool

    /// Opens or creates `inbox.db`, checking its integrity.
    /// - Parameter isIndexed: builds the index for searching where there is none; else drops it.
    public init(path: String, isIndexed: Bool = false) throws {
        do {
            self.isIndexed = isIndexed
            database = try DurableDatabase(path: path, migrator: InboxSchema.migrator, checkingIntegrity: true)
            do { try InboxIndex.set(isIndexed, in: database) } catch {
                database.close()
                throw error
            }
        } catch let error as StoreError {
            throw KinError(inbox: error)
        }
    }

    public func close() { database.close() }

    /// Stores messages in order. `completion` gets what became of each; or the failure, with nothing stored.
    /// - Parameter intake: the connection they came by: after a failure nothing more of it is stored.
    public func receive(
        _ batch: [IncomingMessage], from intake: InboxIntake,
        completion: @escaping @Sendable (Result<[InboxArrival], KinError>) -> Void
    ) {
        let insertion = InboxInsertion(store: intake.store)
        database.writer.submit { db in
            try intake.run { try insertion.run(batch, db) }
        } completion: { error in
            if error != nil { intake.breakOff() }
            completion(error.map { .failure(KinError(inbox: $0)) } ?? .success(insertion.arrivals))
        }
    }

    /// Rows oldest first, and whether more follow.
    /// - Throws: `search_off` for words where there is no index.
    public func page(_ query: InboxQuery) throws -> (rows: [InboxRow], more: Bool) {
        guard query.words == nil || isIndexed else { throw KinError.searchOff }
        return try read { db in
            let cursor = try Row.fetchCursor(
                db, sql: "SELECT * FROM inbox \(Self.matching(query)) ORDER BY id LIMIT :limit",
                arguments: Self.arguments(of: query))
            var rows: [InboxRow] = []
            var bytes = 0
            while let row = try cursor.next() {
                let message = try InboxRow(row)
                bytes += message.body.utf8.count
                if rows.count == query.limit || (bytes > query.maxBytes && !rows.isEmpty) { return (rows, true) }
                rows.append(message)
            }
            return (rows, false)
        }
    }

    /// Behind which id the newest `count` of those that a query means lie.
    public func beginning(ofNewest count: Int, _ query: InboxQuery) throws -> Int64 {
        guard query.words == nil || isIndexed else { throw KinError.searchOff }
        var query = query
        query.limit = count - 1
        let first = try read { db in
            try Int64.fetchOne(
                db,
                sql: "SELECT min(id) FROM (SELECT id FROM inbox \(Self.matching(query)) ORDER BY id DESC LIMIT :limit)",
                arguments: Self.arguments(of: query))
        }
        return first.map { $0 - 1 } ?? query.after
    }

    private static func matching(_ query: InboxQuery) -> String {
        let words = query.words == nil ? "" : "AND id IN (SELECT rowid FROM inbox_fts WHERE inbox_fts MATCH :words)"
        return """
            WHERE id > :after AND received_at >= :since AND (:from IS NULL OR sender_member = :from)
            AND (:topic IS NULL OR topic = :topic) \(words)
            """
    }

    private static func arguments(of query: InboxQuery) -> StatementArguments {
        var arguments: StatementArguments = [
            "after": query.after, "since": query.since ?? 0, "from": query.from?.description,
            "topic": query.topic?.description, "limit": query.limit + 1,
        ]
        if let words = query.words { arguments += ["words": words.expression] }
        return arguments
    }

    /// Messages held.
    public func count() throws -> Int {
        try read { try Int.fetchOne($0, sql: "SELECT count(*) FROM inbox") ?? 0 }
    }

    func read<T>(_ body: (Database) throws -> T) throws -> T {
        do { return try database.read(body) } catch let error as StoreError { throw KinError(inbox: error) }
    }
}
