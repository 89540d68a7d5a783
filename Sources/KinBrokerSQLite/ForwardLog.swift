import GRDB
import KinBroker
import KinEncoding
import KinWire

/// The messages of one priority and one destination, oldest first.
struct ForwardLog {
    private let destination: Destination
    private let priority: Priority
    private let cursor: RowCursor
    /// The cursor's own: it changes with the next step.
    private var row: Row?
    /// Of the message it stands at; nil behind the last.
    private(set) var id: Int64?

    /// What was sent to `recipient`.
    init(to recipient: ULID, _ priority: Priority, after id: Int64, limit: Int, in mesh: MeshKey, _ db: Database) throws
    {
        destination = .dm(recipient)
        self.priority = priority
        let statement = try db.cachedStatement(
            sql: "\(Self.columns) AND kind = 'dm' AND priority = ? AND id > ? ORDER BY id LIMIT ?")
        cursor = try Row.fetchCursor(
            statement, arguments: [mesh.rowID, recipient.description, priority.rank, id, limit])
        try advance()
    }

    /// The posts of others than `reader` in a topic.
    init(
        _ subscription: Subscription, readBy reader: ULID, _ priority: Priority, after id: Int64, in mesh: MeshKey,
        _ db: Database
    ) throws {
        destination = .topic(subscription.topic)
        self.priority = priority
        // Not a cached statement: several of the same text are stepped side by side.
        cursor = try Row.fetchCursor(
            db, sql: "\(Self.columns) AND kind = 'topic' AND priority = ? AND id > ? AND sender <> ? ORDER BY id",
            arguments: [
                mesh.rowID, subscription.topic.description, priority.rank, max(id, subscription.since),
                reader.description,
            ])
        try advance()
    }

    static let columns = """
        SELECT id, sender, client_message_id, line, seq, sent_at, expires_at, body, epoch_counter, epoch_minter
        FROM message WHERE mesh = ? AND ref = ?
        """

    mutating func advance() throws {
        row = try cursor.next()
        id = row?["id"]
    }

    func isNewer(than other: ForwardLog) -> Bool { (id ?? .max) > (other.id ?? .max) }

    func message() throws -> StoredMessage? {
        try row.map { try StoredMessage($0, destination: destination, priority: priority) }
    }
}
