import Hummingbird
import KinDaemonAPI
import KinMailbox
import KinWire
import NIOCore

extension DaemonRoutes {
    static let streams: [LocalRoute] = [
        .get(
            "/v1/events", "events", "What happens, as server-sent events",
            [
                .header(
                    "Last-Event-ID", .text(pattern: "-?[0-9]{1,18}"),
                    "The id of the last message event: what came since comes first.")
            ],
            answers: [
                .init(
                    status: 200, note: "The stream, which does not end by itself.", mediaType: "text/event-stream",
                    schema: .text)
            ], errors: .store + [429: ["too_many_streams"]]
        ) { routes, request in try await routes.stream(request) }
    ]

    /// What was missed since `Last-Event-ID`, then what happens.
    private func stream(_ asked: LocalRequest) async throws -> Response {
        let last = try asked.header(.lastEventID).map(Self.eventID)
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
                try await asked.request.body.consumeWithCancellationOnInboundClose { _ in
                    var through = Int64.min
                    if let last { through = try await replay(after: last, into: &writer) }
                    for await item in live.items {
                        live.took(item)
                        if let bytes = item.bytes(after: &through) { try await writer.write(ByteBuffer(bytes: bytes)) }
                    }
                    if live.isCutOff {
                        logger.notice("event_stream_cut", metadata: ["reason": "slow_reader"])
                        try await writer.write(ByteBuffer(bytes: DaemonEvent.cutOff.encoded()))
                    }
                }
                try await writer.finish(nil)
            })
    }

    private static func eventID(_ text: String) throws -> Int64 {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard (1...18).contains(digits.count), let id = Int64(text), text.first != "+" else {
            throw Query.invalid("Last-Event-ID", "be the id of a message event")
        }
        return id
    }

    /// - Returns: the last id written, or `last`.
    private func replay(after last: Int64, into writer: inout any ResponseBodyWriter) async throws -> Int64 {
        var through = last
        while true {
            let query = InboxQuery(after: through, limit: InboxParameters.maxLimit, maxBytes: Self.maxReplayBytes)
            let (rows, more) = try inbox.page(query)
            for row in rows {
                let event = DaemonEvent(kind: .message, id: row.id, data: row.message(family).json)
                try await writer.write(ByteBuffer(bytes: event.encoded()))
            }
            through = rows.last?.id ?? through
            if !more { return through }
        }
    }

    /// Bytes of message bodies that a listener who reads slowly holds in memory.
    private static let maxReplayBytes = 1 << 20
}

extension DaemonEvent {
    /// The last of a stream whose listener fell behind.
    fileprivate static let cutOff = DaemonEvent(
        kind: .streamEnd, data: .object(["reason": .string("slow_reader")]))
}

extension EventHub.Item {
    /// What to write; nil for a message that was written before.
    fileprivate func bytes(after through: inout Int64) -> [UInt8]? {
        if let id {
            guard id > through else { return nil }
            through = id
        }
        return bytes
    }
}
