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
        let isEverything = query.other == query.member
        var logs: [BackwardLog] = []
        for priority in Priority.allCases {
            let finished = query.through.indices.contains(priority.rank) ? query.through[priority.rank] : 0
            logs.append(
                try BackwardLog(
                    to: query.member, from: isEverything ? nil : query.other, priority, through: min(newest, finished),
                    in: mesh, db))
            guard !isEverything else { continue }
            logs.append(
                try BackwardLog(to: query.other, from: query.member, priority, through: newest, in: mesh, db))
        }
        return logs
    }
}

/// The messages of one priority to one recipient, newest first, of which those of one sender may be wanted.
private struct BackwardLog {
    private let recipient: ULID
    private let sender: String?
    private let priority: Priority
    private let cursor: RowCursor
    /// The cursor's own: it changes with the next step.
    private var row: Row?
    /// Of the message it stands at; nil behind the last.
    private(set) var id: Int64?

    init(
        to recipient: ULID, from sender: ULID?, _ priority: Priority, through id: Int64, in mesh: MeshKey,
        _ db: Database
    ) throws {
        self.recipient = recipient
        self.sender = sender?.description
        self.priority = priority
        // Not a cached statement: several of the same text are stepped side by side.
        cursor = try Row.fetchCursor(
            db, sql: BrokerSchema.backwards, arguments: [mesh.rowID, recipient.description, priority.rank, id])
        try advance()
    }

    mutating func advance() throws {
        row = try cursor.next()
        id = row?["id"]
    }

    func isOlder(than other: BackwardLog) -> Bool { (id ?? .min) < (other.id ?? .min) }

    /// nil where another sent it, or its body was dropped.
    func message() throws -> StoredMessage? {
        guard let row, sender == nil || row["sender"] == sender else { return nil }
        let message = try StoredMessage(row, recipient: recipient, priority: priority)
        return message.body.isEmpty ? nil : message
    }
}
