import KinDaemonAPI
import KinWire

// The daemon itself (docs/protocol/local-api.md, "Health").

extension DaemonRoutes {
    static let about: [LocalRoute] = [
        .post(
            "/v1/heartbeat", "heartbeat", "An agent says that it is alive", body: .optional(EmptyRequest.schema),
            answers: [.json(Heartbeat.schema, "The time, and whether messages leave this machine.")]
        ) { routes, request in
            _ = try await request.read(EmptyRequest.init)
            let isConnected = routes.board.broker().connected
            return APIResponse.json(Heartbeat(time: routes.now(), isConnected: isConnected).json)
        },
        .get(
            "/v1/health", "health", "The daemon's connections and queues",
            answers: [.json(DaemonHealth.schema, "How it is.")], errors: .store, access: .openable
        ) { routes, _ in APIResponse.json(try routes.health().json) },
        .get(
            "/v1/metrics", "metrics", "Counts and figures, as text for a scraper",
            answers: [
                .init(status: 200, note: "Prometheus's text form 0.0.4.", mediaType: "text/plain", schema: .text)
            ]
        ) { routes, _ in APIResponse.metrics(routes.metrics.text(routes.figures)) },
        .get(
            "/v1/version", "version", "Which daemon, device and mesh answer",
            answers: [.json(DaemonVersion.schema, "They.")]
        ) { routes, _ in APIResponse.json(routes.version().json) },
        .get(
            "/v1/compat", "version", "Which versions of the other parts this daemon works with",
            answers: [.json(DaemonCompatibility.schema, "Ranges of versions.")]
        ) { routes, _ in APIResponse.json(routes.compatibility.json) },
        .get(
            "/openapi.json", "version", "All of these routes, for programs",
            answers: [.json(.table(of: .anything), "An OpenAPI 3.1 document.")]
        ) { _, _ in APIResponse.bytes(OpenAPIDocument.bytes) },
    ]

    /// What this API can do, a word each.
    static let features = OpenAPIDocument.groups(of: table)
}
