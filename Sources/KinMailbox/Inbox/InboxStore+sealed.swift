import Foundation
import GRDB
import KinEncoding
import KinSQLite
import KinWire

// Posts whose key has not come: kept as they came, so that they can be opened when it does.

/// A post as it was pushed.
public struct SealedPost: Hashable, Sendable {
    /// With a topic and an epoch.
    public var header: Push
    public var body: [UInt8]
    /// Milliseconds.
    public var receivedAt: Int64
    /// In this table; 0 before it is there.
    public var id: Int64

    public init(header: Push, body: [UInt8], receivedAt: Int64, id: Int64 = 0) {
        self.header = header
        self.body = body
        self.receivedAt = receivedAt
        self.id = id
    }
}

extension InboxStore {
    /// Bytes of bodies that are kept; beyond them the oldest go.
    public static let maxSealedBytes: Int64 = 64 << 20

    /// Keeps posts.
    /// - Parameters:
    ///   - intake: the connection they came by: what came before them on it is stored first.
    ///   - completion: gets how many older ones had to go, or the failure.
    public func keep(
        _ posts: [SealedPost], from intake: InboxIntake,
        completion: @escaping @Sendable (Result<Int, KinError>) -> Void
    ) {
        let keeping = Keeping(posts)
        database.writer.submit { db in
            try intake.run { try keeping.run(db) }
        } completion: { error in
            if error != nil { intake.breakOff() }
            completion(error.map { .failure(KinError(inbox: $0)) } ?? .success(keeping.dropped))
        }
    }

    /// Posts of a topic, in the order they came, behind an id.
    public func sealed(_ topic: TopicName, after id: Int64, limit: Int) throws -> [SealedPost] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, header, body, received_at FROM sealed WHERE topic = ? AND id > ? ORDER BY id LIMIT ?
                    """, arguments: [topic.description, id, limit])
            return try rows.map { row in
                let header: Data = row["header"]
                let body: Data = row["body"]
                guard let frame = try? ReceivedFrame(Frame.encode(header: [UInt8](header), body: [UInt8](body))),
                    case .push(let push) = frame.message
                else { throw StoreError(.corrupt, "a sealed post is damaged") }
                return SealedPost(header: push, body: frame.body, receivedAt: row["received_at"], id: row["id"])
            }
        }
    }

    /// The epochs of which posts are kept, each with the members that posted.
    public func sealedEpochs() throws -> [(topic: TopicName, epoch: Epoch, senders: [ULID])] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT topic, counter, minter, group_concat(DISTINCT sender) AS senders FROM sealed
                    GROUP BY topic, counter, minter ORDER BY topic, counter, minter
                    """)
            return rows.compactMap { row in
                let senders: String = row["senders"]
                guard let topic = TopicName(row["topic"]), let minter = ULID(row["minter"]) else { return nil }
                return (
                    topic, Epoch(counter: row["counter"], minter: minter),
                    senders.split(separator: ",").compactMap { ULID(String($0)) }
                )
            }
        }
    }

    /// Stores messages that were kept sealed, and drops these posts, in one transaction.
    /// - Parameters:
    ///   - ids: of every post that was looked at and need not be kept.
    ///   - store: the identity of the broker's store now, where it is known.
    ///   - completion: as of `receive`.
    public func unseal(
        _ batch: [IncomingMessage], dropping ids: [Int64], store: [UInt8]?,
        completion: @escaping @Sendable (Result<[InboxArrival], KinError>) -> Void
    ) {
        let insertion = InboxInsertion(store: store)
        database.writer.submit { db in
            try insertion.run(batch, db)
            let delete = try db.cachedStatement(sql: "DELETE FROM sealed WHERE id = ?")
            for id in ids { try delete.execute(arguments: [id]) }
        } completion: { error in
            completion(error.map { .failure(KinError(inbox: $0)) } ?? .success(insertion.arrivals))
        }
    }

    static func dropSealed(before time: Int64, _ db: Database) throws -> Int {
        try db.execute(
            sql: "DELETE FROM sealed WHERE id IN (SELECT id FROM sealed WHERE received_at < ? LIMIT 500)",
            arguments: [time])
        return db.changesCount
    }
}

/// Posts inside the writer's transaction.
///
/// Unchecked: `dropped` is touched by a write and its completion alone, one after the other (GroupCommit.submit).
private final class Keeping: @unchecked Sendable {
    private let posts: [SealedPost]
    private(set) var dropped = 0

    init(_ posts: [SealedPost]) { self.posts = posts }

    func run(_ db: Database) throws {
        dropped = 0
        let insert = try BoundStatement(
            db,
            """
            INSERT INTO sealed (topic, counter, minter, sender, client_message_id, header, body, received_at)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
            WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE sender_member = ?4 AND client_message_id = ?5)
            AND NOT EXISTS (SELECT 1 FROM former WHERE sender_member = ?4 AND client_message_id = ?5)
            ON CONFLICT DO NOTHING
            """)
        for post in posts {
            guard case .topic(let topic) = post.header.destination, let epoch = post.header.epoch else { continue }
            try insert.run { values in
                values.add(topic.description)
                values.add(epoch.counter)
                values.add(epoch.minter.description)
                values.add(post.header.sender.description)
                values.add(post.header.clientMessageID.description)
                values.add(MeshFrame.push(post.header).header())
                values.add(post.body)
                values.add(post.receivedAt)
            }
        }
        try makeRoom(db)
    }

    private func makeRoom(_ db: Database) throws {
        var bytes = try Int64.fetchOne(db, sql: "SELECT coalesce(sum(length(body)), 0) FROM sealed") ?? 0
        guard bytes > InboxStore.maxSealedBytes else { return }
        // Whoever sent most makes the room: nobody pushes out what others said.
        let oldest = try Row.fetchAll(
            db,
            sql: """
                SELECT id, length(body) AS bytes FROM sealed WHERE sender = (
                    SELECT sender FROM sealed GROUP BY sender ORDER BY sum(length(body)) DESC LIMIT 1)
                ORDER BY id LIMIT 5000
                """)
        for row in oldest {
            guard bytes > InboxStore.maxSealedBytes else { return }
            let (id, size): (Int64, Int64) = (row["id"], row["bytes"])
            try db.execute(sql: "DELETE FROM sealed WHERE id = ?", arguments: [id])
            bytes -= size
            dropped += 1
        }
    }
}
