import KinEncoding
import KinWire

/// One message of `GET /v1/history`.
public enum HistoryEntry: Hashable, Sendable {
    case sent(OutboxMessage)
    case received(InboxMessage)

    init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "message")
        let direction = try fields.text("direction")
        switch direction {
        case "sent": self = .sent(try OutboxMessage(&fields))
        case "received": self = .received(try InboxMessage(&fields))
        default: throw fields.refusal("direction", "must be sent or received")
        }
        try fields.end()
    }

    public var json: JSON {
        let (direction, value) =
            switch self {
            case .sent(let message): ("sent", message.json)
            case .received(let message): ("received", message.json)
            }
        guard case .object(let members) = value else { return value }
        return .object(members.merging(["direction": .string(direction)]) { _, new in new })
    }
}

/// `GET /v1/history`: what was sent and received, oldest first.
public struct HistoryPage: Hashable, Sendable {
    public var messages: [HistoryEntry]
    /// Where the next page starts; nil where this was the last.
    public var cursor: String?

    public init(messages: [HistoryEntry], cursor: String?) {
        self.messages = messages
        self.cursor = cursor
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            let messages = try APIBody.array(fields.array("messages", atMost: 1000)) { item throws(WireError) in
                try HistoryEntry(json: item)
            }
            return HistoryPage(messages: messages, cursor: try fields.givenText("cursor"))
        }
    }

    public var json: JSON {
        .object(["messages": .array(messages.map(\.json)), "cursor": .orNull(cursor) { .string($0) }])
    }
}

/// `POST /v1/inbox/read`: these were read, and their senders may know.
public struct ReadRequest: Hashable, Sendable {
    public static let maxIDs = 500

    /// The `id` of inbox messages.
    public var ids: [Int64]

    public init(ids: [Int64]) { self.ids = ids }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            ReadRequest(ids: try fields.integers("ids", atMost: Self.maxIDs))
        }
    }

    public var json: JSON { .object(["ids": .array(ids.map { .integer($0) })]) }
}

public struct ReadAnswer: Hashable, Sendable {
    /// Those that were not read before.
    public var read: [Int64]

    public init(read: [Int64]) { self.read = read }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            ReadAnswer(read: try fields.integers("read", atMost: ReadRequest.maxIDs))
        }
    }

    public var json: JSON { .object(["read": .array(read.map { .integer($0) })]) }
}

extension Fields {
    mutating func integers(_ name: String, atMost limit: Int) throws(WireError) -> [Int64] {
        var values: [Int64] = []
        for item in try array(name, atMost: limit) {
            guard case .integer(let value) = item, (-Fields.maxInteger...Fields.maxInteger).contains(value) else {
                throw refusal(name, "must hold whole numbers")
            }
            values.append(value)
        }
        return values
    }

    mutating func objects<T>(
        _ name: String, atMost limit: Int = 1000, _ read: (inout Fields) throws(WireError) -> T
    ) throws(WireError) -> [T] {
        try APIBody.array(array(name, atMost: limit)) { item throws(WireError) in
            var fields = try Fields(item, in: name)
            let value = try read(&fields)
            try fields.end()
            return value
        }
    }
}

extension HistoryPage {
    private static func entry(_ name: String, _ direction: String, _ members: [Schema.Member]) -> Schema {
        .object(name, members + [.required("direction", .one(of: [direction]))])
    }

    public static let schema = Schema.object(
        "HistoryPage",
        [
            .required(
                "messages",
                .list(
                    Schema(
                        .either([
                            entry("SentMessage", "sent", OutboxMessage.members),
                            entry("ReceivedMessage", "received", InboxMessage.members),
                        ])), atMost: 1000)), .optional("cursor", .cursor),
        ])
}

extension ReadRequest {
    public static let schema = Schema.object(
        "ReadRequest", [.required("ids", .list(.integer(from: -Fields.maxInteger), atMost: maxIDs))])
}

extension ReadAnswer {
    public static let schema = Schema.object(
        "ReadAnswer",
        [
            .required(
                "read", .list(.integer(from: -Fields.maxInteger), atMost: ReadRequest.maxIDs),
                "Those that were not read before.")
        ])
}
