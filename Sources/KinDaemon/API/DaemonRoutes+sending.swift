import KinDaemonAPI
import KinWire

// What is sent (docs/protocol/local-api.md, "Sending").

extension DaemonRoutes {
    static let sends: [LocalRoute] = [
        .post(
            "/v1/send", "send", "Takes a message into the durable outbox",
            [
                .header(
                    "Idempotency-Key", .clientMessageID, "The message's id; it wins over client_message_id.")
            ], body: .required(SendRequest.schema),
            answers: [
                .json(SendAnswer.schema, "It is on this machine's disk, and waits.", status: 202),
                .json(SendAnswer.schema, "An earlier, equal request was relayed already."),
            ], errors: .full + sendErrors
        ) { routes, request in
            var wanted = try await request.read(SendRequest.init)
            if let key = try request.header(.idempotencyKey) {
                guard let id = ClientMessageID(key) else {
                    throw Query.invalid("Idempotency-Key", "be 1 to 64 of A-Z a-z 0-9 . _ : -")
                }
                wanted.clientMessageID = id
            }
            let answer = try await routes.sending.send(wanted)
            return APIResponse.json(answer.json, status: answer.status == .queued ? .accepted : .ok)
        },
        .post(
            "/v1/send/batch", "send", "Takes several, in order, up to the first that is refused",
            body: .required(SendBatch.schema),
            answers: [.json(SendBatchAnswer.schema, "An answer for each that was taken, and why no more was.")]
        ) { routes, request in
            APIResponse.json(await routes.sending.send(try await request.read(SendBatch.init)).json)
        },
    ]

    /// What a message is refused for.
    static let sendErrors: RouteErrors =
        .recipient + [
            404: ["unknown_topic"],
            409: OutboxConflict.codes + ["not_joined", "mention_not_in_topic", "mention_unnamed"],
            413: ["message_too_large"], 507: ["insufficient_storage"],
        ]
}

/// Codes of an id that another request has.
enum OutboxConflict {
    static func code(_ state: String, matches: Bool) -> String {
        "outbox_\(state)_fingerprint_\(matches ? "match" : "mismatch")"
    }

    static let codes = ["pending", "done", "dead", "aborted"].flatMap { state in
        [code(state, matches: false), code(state, matches: true)]
    }
}
