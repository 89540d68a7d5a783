import KinEncoding

/// Asks for what the member may read of one conversation, newest first.
public struct History: Hashable, Sendable {
    public static let maxLimit: Int64 = 256

    /// Names the answers.
    public var request: ULID
    public var conversation: Destination
    /// Only messages with a lower id.
    public var before: Int64?
    public var limit: Int64

    public init(request: ULID, conversation: Destination, before: Int64? = nil, limit: Int64) {
        self.request = request
        self.conversation = conversation
        self.before = before
        self.limit = limit
    }

    init(_ fields: inout Fields) throws(WireError) {
        request = try fields.ulid("request")
        let dm = try fields.optional("dm") { fields, name throws(WireError) in try fields.ulid(name) }
        let topic = try fields.optional("topic") { fields, name throws(WireError) in
            try fields.topic(name)
        }
        switch (dm, topic) {
        case (let member?, nil): conversation = .dm(member)
        case (nil, let name?): conversation = .topic(name)
        default: throw .invalid("history: exactly one of dm and topic is expected")
        }
        before = try fields.optional("before") { fields, name throws(WireError) in try fields.integer(name) }
        limit = try fields.integer("limit", from: 1, to: Self.maxLimit)
    }

    var members: [String: JSON] {
        [
            "request": .text(request), conversation.kind: .string(conversation.ref), "limit": .integer(limit),
        ].adding("before", before) { .integer($0) }
    }
}

/// One message of a history: a push, with the request it answers.
public struct HistoryItem: Hashable, Sendable {
    public var request: ULID
    public var push: Push

    public init(request: ULID, push: Push) {
        self.request = request
        self.push = push
    }

    init(_ fields: inout Fields) throws(WireError) {
        request = try fields.ulid("request")
        push = try Push(&fields)
    }

    var members: [String: JSON] { push.members.merging(["request": .text(request)]) { _, request in request } }
}

/// The page is whole: no more items come for this request.
public struct HistoryEnd: Hashable, Sendable {
    public var request: ULID
    /// Where the next page begins: what is older has a lower id. nil: nothing is older. A page may be short, or empty, and not the last.
    public var before: Int64?

    public init(request: ULID, before: Int64? = nil) {
        self.request = request
        self.before = before
    }

    init(_ fields: inout Fields) throws(WireError) {
        request = try fields.ulid("request")
        before = try fields.optional("before") { fields, name throws(WireError) in try fields.integer(name) }
    }

    var members: [String: JSON] { ["request": .text(request)].adding("before", before) { .integer($0) } }
}
