import HTTPTypes
import Hummingbird
import KinDaemonAPI
import KinMailbox
import KinWire
import NIOCore

extension HTTPField.Name {
    static let idempotencyKey = constant("Idempotency-Key")
    static let lastEventID = constant("Last-Event-ID")
    /// As `DaemonClient` sends it.
    static let vaultHandle = constant(DaemonClient.vaultHandleHeader)

    private static func constant(_ name: String) -> HTTPField.Name {
        // Nothing from outside comes here: the names are the three above, and a typing error in one shows in any test of the routes.
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is no header's name") }
        return field
    }
}

extension DaemonRoutes {
    static let streams: [LocalRoute] = [
        .get(
            "/v1/events", "events", "What happens, as server-sent events",
            [
                .header(
                    "Last-Event-ID", .text(pattern: "-?[0-9]{1,19}"),
                    "The id of the last message event: what came since comes first.")
            ],
            answers: [
                .init(
                    status: 200, note: "The stream, which does not end by itself.", mediaType: "text/event-stream",
                    schema: .text)
            ], errors: .store + [429: ["too_many_streams"]]
        ) { routes, request in try await routes.stream(request) }
    ]

    /// `GET /v1/events`: what was missed since `Last-Event-ID`, then what happens.
    private func stream(_ asked: LocalRequest) async throws -> Response {
        let request = asked.request
        let last = try asked.header(.lastEventID).map { text in
            guard let id = Int64(text) else {
                throw KinError("invalid_request", "Last-Event-ID must be the id of a message event", category: .usage)
            }
            return id
        }
        // Listening begins before the inbox is read, so that nothing falls between.
        guard let live = events.listen() else {
            throw KinError(
                "too_many_streams", "at most \(EventHub.maxListeners) event streams are open at once: close one",
                category: .busy, retryable: true)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                try await writer.write(ByteBuffer(string: ": ready\n\n"))
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    var through = Int64.min
                    if let last { through = try await replay(after: last, into: &writer) }
                    for await item in live {
                        if let bytes = item.bytes(after: &through) { try await writer.write(ByteBuffer(bytes: bytes)) }
                    }
                }
                try await writer.finish(nil)
            })
    }

    /// - Returns: the last id written, or `last`.
    private func replay(after last: Int64, into writer: inout any ResponseBodyWriter) async throws -> Int64 {
        var through = last
        while true {
            let query = InboxQuery(after: through, limit: InboxParameters.maxLimit, maxBytes: Self.maxPageBytes)
            let (rows, more) = try inbox.page(query)
            for row in rows {
                let event = DaemonEvent(kind: .message, id: row.id, data: row.message(family).json)
                try await writer.write(ByteBuffer(bytes: event.encoded()))
            }
            through = rows.last?.id ?? through
            if !more { return through }
        }
    }
}

extension EventHub.Item {
    /// What to write; nil for a message that was written before.
    fileprivate func bytes(after through: inout Int64) -> [UInt8]? {
        switch self {
        case .heartbeat: return Array(": \n\n".utf8)
        case .event(let event):
            if let id = event.id {
                guard id > through else { return nil }
                through = id
            }
            return event.encoded()
        }
    }
}
