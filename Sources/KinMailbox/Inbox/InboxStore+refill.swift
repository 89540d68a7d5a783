import Foundation
import GRDB
import KinSQLite
import KinWire

// An inbox that is being filled again from the broker's history (docs/decisions/011-inbox-refill.md).

/// How far that has come.
public struct RefillMark: Hashable, Sendable {
    /// The broker's store that `before` is about, 16 bytes; nil before the first page.
    public var store: [UInt8]?
    /// What is older has a lower id there.
    public var before: Int64?
    /// Messages that are back.
    public var refilled: Int64
    /// Messages that are not taken in.
    public var refused: Int64
}

/// One page of history, opened.
public struct RefillPage: Sendable {
    /// Newest first.
    public var messages: [IncomingMessage]
    /// How many more there were, which are not taken in.
    public var refused: Int
    public var store: [UInt8]
    /// Where the next begins; nil: this was the last.
    public var before: Int64?

    public init(messages: [IncomingMessage], refused: Int, store: [UInt8], before: Int64?) {
        self.messages = messages
        self.refused = refused
        self.store = store
        self.before = before
    }
}

extension InboxStore {
    /// nil where nothing is to be filled again.
    public func refillMark() throws -> RefillMark? {
        try read { db in
            try Row.fetchOne(db, sql: "SELECT store, before, refilled, refused FROM refill").map { row in
                let store: Data? = row["store"]
                return RefillMark(
                    store: store.map { [UInt8]($0) }, before: row["before"], refilled: row["refilled"],
                    refused: row["refused"])
            }
        }
    }

    /// Stores a page and how far it came, in one transaction. Its messages get falling ids below all others: no receipt is due for them, and none looks new.
    /// - Parameter completion: gets how many were not here.
    public func refill(_ page: RefillPage, completion: @escaping @Sendable (Result<Int, KinError>) -> Void) {
        let insertion = RefillInsertion()
        database.writer.submit { db in
            try insertion.run(page, db)
        } completion: { error in
            completion(error.map { .failure(KinError(inbox: $0)) } ?? .success(insertion.new))
        }
    }

    /// Gives it up: what is here stays.
    public func endRefill() {
        database.writer.submit { try $0.execute(sql: "DELETE FROM refill") }
    }
}

/// A page inside the writer's transaction.
///
/// Unchecked: `new` is touched by a write and its completion alone, one after the other (GroupCommit.submit).
private final class RefillInsertion: @unchecked Sendable {
    private(set) var new = 0

    func run(_ page: RefillPage, _ db: Database) throws {
        new = 0
        guard var id = try Int64.fetchOne(db, sql: "SELECT next_id FROM refill") else { return }
        let insert = try BoundStatement(db, Self.inserting)
        for message in page.messages {
            if message.isEnclosed {
                // Its place is kept for when its content is there.
                if try AwaitedMessage.insert(message, from: page.store, inboxID: id, db) { id -= 1 }
                continue
            }
            try insert.run { values in
                message.add(to: &values)
                values.add(id)
                values.add(Int64(0))
            }
            guard db.changesCount > 0 else { continue }
            new += 1
            id -= 1
        }
        guard let before = page.before else { return try db.execute(sql: "DELETE FROM refill") }
        try db.execute(
            sql: """
                UPDATE refill SET store = ?, before = ?, next_id = ?, refilled = refilled + ?, refused = refused + ?
                """, arguments: [Data(page.store), before, id, new, page.refused])
    }

    private static let inserting = InboxInsertion.inserting(besides: ["id", "receipt_due"])
}
