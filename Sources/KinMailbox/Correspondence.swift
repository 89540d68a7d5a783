import GRDB
import KinEncoding
import KinWire

/// What was sent and received, merged by time. Each side keeps its own order, whatever clocks did.
public struct Correspondence: Sendable {
    public enum Entry: Hashable, Sendable {
        case sent(OutboxRow)
        case received(InboxRow)

        /// Milliseconds: when this machine took it.
        public var time: Int64 {
            switch self {
            case .sent(let row): row.enqueuedAt
            case .received(let row): row.receivedAt
            }
        }

        var bytes: Int {
            switch self {
            case .sent(let row): row.content.body.utf8.count
            case .received(let row): row.body.utf8.count
            }
        }
    }

    /// Rows of each side that were shown.
    public struct Position: Hashable, Sendable, CustomStringConvertible {
        var sent: Int64 = 0
        var received = InboxQuery.beginning

        public init() {}

        /// - Returns: nil for what is none.
        public init?(_ text: some StringProtocol) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int64($0) }
            guard parts.count == 2, let sent = parts[0], let received = parts[1], sent >= 0 else {
                return nil
            }
            self.sent = sent
            self.received = received
        }

        public var description: String { "\(sent).\(received)" }
    }

    /// Whose messages: nil where that side is left out.
    public enum Side: Hashable, Sendable {
        case none, everybody
        case only(ULID)
        /// What was said in a topic.
        case topic(TopicName)
        /// What one said in a topic.
        case topicOnly(TopicName, from: ULID)
    }

    private let outbox: OutboxStore
    private let inbox: InboxStore
    public var to: Side
    public var from: Side

    public init(outbox: OutboxStore, inbox: InboxStore, to: Side, from: Side) {
        self.outbox = outbox
        self.inbox = inbox
        self.to = to
        self.from = from
    }

    /// Oldest first, behind a position.
    /// - Returns: the position behind the last; nil where nothing follows.
    public func page(after start: Position, limit: Int, maxBytes: Int) throws -> (entries: [Entry], next: Position?) {
        var sent = try outbox.sent(to, after: start.sent, limit: limit + 1, newestFirst: false)[...]
        var received = try inbox.received(from, after: start.received, limit: limit + 1, newestFirst: false)[...]
        var position = start
        var (entries, bytes) = ([Entry](), 0)
        while let entry = Self.earlier(sent.first, received.first) {
            bytes += entry.bytes
            if entries.count == limit || bytes > maxBytes && !entries.isEmpty { return (entries, position) }
            entries.append(entry)
            switch entry {
            case .sent(let row):
                position.sent = row.id
                sent.removeFirst()
            case .received(let row):
                position.received = row.id
                received.removeFirst()
            }
        }
        return (entries, nil)
    }

    /// The newest, oldest of them first.
    public func newest(_ limit: Int, maxBytes: Int) throws -> [Entry] {
        var sent = try outbox.sent(to, after: 0, limit: limit, newestFirst: true)[...]
        var received = try inbox.received(from, after: InboxQuery.beginning, limit: limit, newestFirst: true)[...]
        var (entries, bytes) = ([Entry](), 0)
        while entries.count < limit, let entry = Self.later(sent.first, received.first) {
            bytes += entry.bytes
            if bytes > maxBytes && !entries.isEmpty { break }
            entries.append(entry)
            if case .sent = entry { sent.removeFirst() } else { received.removeFirst() }
        }
        return entries.reversed()
    }

    private static func earlier(_ sent: OutboxRow?, _ received: InboxRow?) -> Entry? {
        guard let sent else { return received.map { .received($0) } }
        guard let received else { return .sent(sent) }
        return sent.enqueuedAt <= received.receivedAt ? .sent(sent) : .received(received)
    }

    private static func later(_ sent: OutboxRow?, _ received: InboxRow?) -> Entry? {
        guard let sent else { return received.map { .received($0) } }
        guard let received else { return .sent(sent) }
        return sent.enqueuedAt > received.receivedAt ? .sent(sent) : .received(received)
    }
}

extension Correspondence.Side {
    /// For SQL: no row where the side is left out, each where it is everybody's.
    fileprivate var arguments: StatementArguments {
        let (member, topic): (ULID?, TopicName?) =
            switch self {
            case .none, .everybody: (nil, nil)
            case .only(let member): (member, nil)
            case .topic(let topic): (nil, topic)
            case .topicOnly(let topic, let member): (member, topic)
            }
        return ["is_wanted": self != .none, "member": member?.description, "topic": topic?.description]
    }
}

extension OutboxStore {
    /// What users sent and did not give up.
    fileprivate func sent(_ side: Correspondence.Side, after id: Int64, limit: Int, newestFirst: Bool) throws
        -> [OutboxRow]
    {
        try read { db in
            let cursor = try Row.fetchCursor(
                db,
                sql: """
                    SELECT \(OutboxRow.columns) FROM outbox WHERE :is_wanted AND id > :after AND status <> 'aborted'
                        AND (:member IS NULL OR kind = 'dm' AND ref = :member)
                        AND (:topic IS NULL OR kind = 'topic' AND ref = :topic) ORDER BY id \(newestFirst ? "DESC" : "")
                    """, arguments: side.arguments + ["after": id])
            var rows: [OutboxRow] = []
            while rows.count < limit, let row = try cursor.next() {
                let sent = try OutboxRow(row)
                if sent.isUsers { rows.append(sent) }
            }
            return rows
        }
    }
}

extension InboxStore {
    fileprivate func received(
        _ side: Correspondence.Side, after id: Int64, limit: Int, newestFirst: Bool
    ) throws -> [InboxRow] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM inbox WHERE :is_wanted AND id > :after
                        AND (:member IS NULL OR sender_member = :member)
                        AND (:topic IS NULL OR topic = :topic) ORDER BY id \(newestFirst ? "DESC" : "")
                        LIMIT :limit
                    """, arguments: side.arguments + ["after": id, "limit": limit]
            ).map { try InboxRow($0) }
        }
    }
}
