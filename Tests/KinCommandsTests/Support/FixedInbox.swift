import KinDaemonAPI
import KinEncoding
import KinWire
import Synchronization
import Testing

@testable import KinCommands

/// A daemon's inbox whose event streams end when the script says so.
final class FixedInbox: InboxSource {
    private struct State {
        var messages: [InboxMessage]
        /// For each call of `events`: what arrives while it is open, or nil where no daemon answers.
        var streams: [[InboxMessage]?]
        var asked: [Int64?] = []
    }

    private let pageSize: Int
    private let state: Mutex<State>

    init(_ messages: [InboxMessage], pageSize: Int = 2, streams: [[InboxMessage]?] = []) {
        self.pageSize = pageSize
        state = Mutex(State(messages: messages, streams: streams))
    }

    /// The `Last-Event-ID` of each call.
    var asked: [Int64?] { state.withLock { $0.asked } }

    func inbox(_ parameters: InboxParameters) async throws -> InboxPage {
        let all = state.withLock { $0.messages }.filter { message in
            message.receivedAt >= parameters.since ?? 0 && (parameters.from.map { $0 == message.from } ?? true)
        }
        let rest = all.filter { $0.id > parameters.cursor.flatMap { Int64($0) } ?? .min }
        let page = Array(rest.prefix(pageSize))
        return InboxPage(messages: page, cursor: rest.count > page.count ? page.last.map { String($0.id) } : nil)
    }

    func events(after lastEventID: Int64?) async throws -> AsyncThrowingStream<DaemonEvent, any Error> {
        let messages: [InboxMessage] = try state.withLock { state in
            state.asked.append(lastEventID)
            guard !state.streams.isEmpty else { throw CancellationError() }
            guard let arriving = state.streams.removeFirst() else {
                throw KinError("daemon_not_running", "no daemon", category: .unreachable, retryable: true)
            }
            state.messages += arriving
            return state.messages.filter { $0.id > lastEventID ?? .max }
        }
        return AsyncThrowingStream { continuation in
            continuation.yield(DaemonEvent(kind: .daemonReconnect, data: .object([:])))
            for message in messages {
                continuation.yield(DaemonEvent(kind: .message, id: message.id, data: message.json))
            }
            continuation.finish()
        }
    }
}

extension InboxMessage {
    static func sample(_ id: Int64, from: String = "laptop", body: String? = nil, receivedAt: Int64? = nil) throws
        -> InboxMessage
    {
        InboxMessage(
            id: id, clientMessageID: try #require(ClientMessageID("m-\(id)")), from: from,
            fromMember: ULID(milliseconds: 1, randomness: Array(repeating: 7, count: 10)), body: body ?? "body \(id)",
            contentType: "text/plain", priority: .next, meta: nil, replyTo: nil, createdAt: Stage.now,
            receivedAt: receivedAt ?? Stage.now + id, readAt: nil)
    }
}
