import KinDaemonAPI
import KinWire

/// Where messages come from: the daemon, by its client.
protocol InboxSource: Sendable {
    func inbox(_ parameters: InboxParameters) async throws -> InboxPage

    /// What came after a message's id, and what comes.
    func events(after lastEventID: Int64?) async throws -> AsyncThrowingStream<DaemonEvent, any Error>
}

extension DaemonClient: InboxSource {}

/// Reads the inbox page by page, and goes on with the daemon's events: every message once, in order.
struct InboxReading: Sendable {
    /// How long to wait for a daemon that went away, doubling from the first to the second.
    private static let patience = (first: Duration.milliseconds(250), longest: Duration.seconds(4))

    let source: any InboxSource
    /// Only what holds these.
    var words: String?
    /// Milliseconds.
    let since: Int64?
    let from: String?
    var topic: TopicName?
    /// The newest so many.
    let limit: Int?
    /// How waiting is done.
    var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// What is there now.
    func all() async throws -> [InboxMessage] {
        var messages: [InboxMessage] = []
        try await each { messages.append($0) }
        return messages
    }

    /// What is there now, one after the other.
    /// - Returns: the id of the last; 0 where there was none.
    @discardableResult
    func each(_ body: (InboxMessage) async throws -> Void) async throws -> Int64 {
        var parameters = InboxParameters(
            words: words, since: since, from: from, topic: topic, limit: InboxParameters.maxLimit,
            last: limit.map { min(max($0, 1), InboxParameters.maxLimit) })
        // More than are told at once are found from the beginning.
        if limit ?? 0 > InboxParameters.maxLimit { parameters.last = nil }
        var newest: [InboxMessage] = []
        var last: Int64 = 0
        while true {
            let page = try await source.inbox(parameters)
            last = page.messages.last?.id ?? last
            if let limit {
                newest = Array((newest + page.messages).suffix(limit))
            } else {
                for message in page.messages { try await body(message) }
            }
            guard let cursor = page.cursor else { break }
            parameters.cursor = cursor
        }
        for message in newest { try await body(message) }
        return last
    }

    /// What is there and what arrives, until cancelled.
    /// - Throws: `daemon_not_running` only where none ran to begin with.
    func follow(_ output: Output, _ body: (InboxMessage) async throws -> Void) async throws {
        var last = try await each(body)
        var wait = Self.patience.first
        var isWaiting = false
        while true {
            do {
                let events = try await source.events(after: last)
                if isWaiting { output.note("the daemon is back", .dim) }
                (wait, isWaiting) = (Self.patience.first, false)
                for try await event in events {
                    guard let message = try Self.message(in: event), message.id > last else { continue }
                    last = message.id
                    if isWanted(message) { try await body(message) }
                }
            } catch let error as KinError where error.category == .unreachable {
                // As when the stream just ends: the daemon restarts.
            }
            try Task.checkCancellation()
            if !isWaiting { output.note("the daemon went away; waiting for it to come back", .dim) }
            isWaiting = true
            try await pause(wait)
            wait = min(wait * 2, Self.patience.longest)
        }
    }

    private static func message(in event: DaemonEvent) throws -> InboxMessage? {
        guard event.kind == .message else { return nil }
        return try InboxMessage(json: event.data.canonicalBytes())
    }

    /// The events are everybody's; the pages were chosen by the daemon.
    private func isWanted(_ message: InboxMessage) -> Bool {
        if let since, message.receivedAt < since { return false }
        if let topic, message.topic != topic { return false }
        guard let from else { return true }
        return message.from == from || message.fromMember.description == from
    }
}
