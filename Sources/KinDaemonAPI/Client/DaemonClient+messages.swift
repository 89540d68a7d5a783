import KinEncoding
import KinWire

// What was sent and what came.

extension DaemonClient {
    /// Messages that are taken in this order.
    public func send(_ batch: SendBatch) async throws -> SendBatchAnswer {
        try SendBatchAnswer(json: await post("/v1/send/batch", batch.json.canonicalBytes()))
    }

    /// A page of the inbox; with words, of those messages that hold them.
    public func inbox(_ parameters: InboxParameters = InboxParameters()) async throws -> InboxPage {
        let path = parameters.words == nil ? "/v1/inbox" : "/v1/inbox/search"
        let query = [
            ("q", parameters.words), ("cursor", parameters.cursor), ("since", parameters.since.map(String.init)),
            ("from", parameters.from), ("topic", parameters.topic?.description),
            ("limit", parameters.limit.map(String.init)), ("last", parameters.last.map(String.init)),
        ]
        return try InboxPage(json: await get(path + Self.query(query)))
    }

    /// Marks messages as read.
    /// - Parameter ids: the `id` of each; at most `ReadRequest.maxIDs`.
    public func markRead(_ ids: [Int64]) async throws -> ReadAnswer {
        try ReadAnswer(json: await post("/v1/inbox/read", ReadRequest(ids: ids).json.canonicalBytes()))
    }

    public func message(_ id: ClientMessageID) async throws -> MessageStatus {
        try MessageStatus(json: await get("/v1/message/\(id)"))
    }

    public func outbox(_ parameters: OutboxParameters = OutboxParameters()) async throws -> OutboxPage {
        let query = [
            ("failed", parameters.isFailed ? "true" : nil), ("cursor", parameters.cursor),
            ("limit", parameters.limit.map(String.init)),
        ]
        return try OutboxPage(json: await get("/v1/outbox" + Self.query(query)))
    }

    /// One message of the outbox with what it says.
    public func outboxMessage(_ id: ClientMessageID) async throws -> OutboxMessage {
        try OutboxMessage(json: await get("/v1/outbox/\(id)"))
    }

    /// Gives a message up and sends another in its place.
    /// - Returns: where the new one is.
    public func requeue(_ id: ClientMessageID, _ patch: RequeuePatch = RequeuePatch()) async throws -> MessageStatus {
        try MessageStatus(json: await post("/v1/outbox/\(id)/requeue", patch.json.canonicalBytes()))
    }

    /// Gives a message up.
    public func drop(_ id: ClientMessageID) async throws -> MessageStatus {
        try MessageStatus(json: await post("/v1/outbox/\(id)/drop", JSON.object([:]).canonicalBytes()))
    }

    /// Erases the contents of finished messages that were accepted longer ago than this, milliseconds.
    public func prune(olderThan age: Int64) async throws -> PruneAnswer {
        try PruneAnswer(json: await post("/v1/outbox/prune", PruneRequest(olderThan: age).json.canonicalBytes()))
    }

    public func history(_ parameters: HistoryParameters = HistoryParameters()) async throws -> HistoryPage {
        let query = [
            ("to", parameters.to), ("from", parameters.from), ("cursor", parameters.cursor),
            ("limit", parameters.limit.map(String.init)), ("last", parameters.last.map(String.init)),
        ]
        return try HistoryPage(json: await get("/v1/history" + Self.query(query)))
    }
}
