import GRDB
import KinBroker
import KinEncoding
import KinSQLite
import KinWire

// Conversations read back. Each side of one is up to three logs, one a priority; they are walked together by `message_log`.

extension SQLiteBrokerStore {
    public func history(_ query: HistoryQuery, in mesh: MeshKey) throws -> HistoryPage {
        try database.read { db in
            var logs = try Self.logs(of: query, in: mesh, db)
            var page = HistoryPage(messages: [], before: nil)
            var (rows, bytes) = (0, 0)
            while let newest = logs.indices.filter({ logs[$0].id != nil }).max(by: { logs[$0].isOlder(than: logs[$1]) })
            {
                guard page.messages.count < query.limit, rows < query.maxRows else { return page }
                if let message = try logs[newest].message() {
                    bytes += message.body.count
                    if bytes > query.maxBytes && !page.messages.isEmpty { return page }
                    page.messages.append(message)
                }
                rows += 1
                page.before = logs[newest].id
                try logs[newest].advance()
            }
            page.before = nil
            return page
        }
    }

    private static func logs(of query: HistoryQuery, in mesh: MeshKey, _ db: Database) throws -> [BackwardLog] {
        let newest = query.before.map { $0 - 1 } ?? .max
        let me = query.member
        return try Priority.allCases.flatMap { priority in
            let finished = query.through.indices.contains(priority.rank) ? query.through[priority.rank] : 0
            let taken = min(newest, finished)
            switch query.conversation {
            case .everything(let topics):
                return [try BackwardLog(.dm(me), priority, through: taken, in: mesh, db)]
                    + (try topics.map { try BackwardLog($0, readBy: me, priority, through: taken, in: mesh, db) })
            case .with(let other):
                return [
                    try BackwardLog(.dm(me), from: other, priority, through: taken, in: mesh, db),
                    try BackwardLog(.dm(other), from: me, priority, through: newest, in: mesh, db),
                ]
            case .topic(let subscription):
                return [try BackwardLog(subscription, readBy: me, priority, through: taken, in: mesh, db)]
            }
        }
    }
}

/// The messages of one priority and one destination, newest first, of which those of one sender may be wanted, or of all others.
private struct BackwardLog {
    private let destination: Destination
    private let sender: String?
    private let other: String?
    private let priority: Priority
    private let cursor: RowCursor
    /// The cursor's own: it changes with the next step.
    private var row: Row?
    /// Of the message it stands at; nil behind the last.
    private(set) var id: Int64?

    init(
        _ destination: Destination, from sender: ULID? = nil, notFrom other: ULID? = nil, _ priority: Priority,
        through id: Int64, above: Int64 = 0, in mesh: MeshKey, _ db: Database
    ) throws {
        self.destination = destination
        self.sender = sender?.description
        self.other = other?.description
        self.priority = priority
        // Not a cached statement: several of the same text are stepped side by side.
        cursor = try Row.fetchCursor(
            db, sql: BrokerSchema.backwards,
            arguments: [mesh.rowID, destination.ref, destination.kind, priority.rank, id, above])
        try advance()
    }

    /// The posts of others than `reader` in a topic.
    init(
        _ subscription: Subscription, readBy reader: ULID, _ priority: Priority, through id: Int64, in mesh: MeshKey,
        _ db: Database
    ) throws {
        try self.init(
            .topic(subscription.topic), notFrom: reader, priority, through: id, above: subscription.since, in: mesh, db)
    }

    mutating func advance() throws {
        row = try cursor.next()
        id = row?["id"]
    }

    func isOlder(than other: BackwardLog) -> Bool { (id ?? .min) < (other.id ?? .min) }

    /// nil where another sent it, or its body was dropped.
    func message() throws -> StoredMessage? {
        guard let row, sender == nil || row["sender"] == sender, other == nil || row["sender"] != other else {
            return nil
        }
        let message = try StoredMessage(row, destination: destination, priority: priority)
        return message.body.isEmpty ? nil : message
    }
}
