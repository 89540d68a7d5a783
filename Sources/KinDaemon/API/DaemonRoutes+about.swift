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
            answers: [
                .json(
                    DaemonHealth.schema,
                    "How it is; where [ipc] public_health_check opens it, status alone for whoever shows no token.")
            ], errors: .store, access: .openable
        ) { routes, request in
            let health = try routes.health()
            return APIResponse.json(request.caller == .user ? health.json : health.publicJSON)
        },
        .post(
            "/v1/token/rotate", "token", "Makes another token; the former one is taken for another minute",
            body: .optional(EmptyRequest.schema),
            answers: [.json(TokenRotation.schema, "Where the new token is.")],
            errors: [500: ["home_not_writable"]], access: .socketOnly
        ) { routes, request in
            _ = try await request.read(EmptyRequest.init)
            return APIResponse.json(try routes.rotateToken().json)
        },
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

    private func rotateToken() throws -> TokenRotation {
        let until = try tokens.renew(now: now())
        metrics.tokenRotations.add()
        logger.notice("local_token_rotated", metadata: ["security": "true"])
        return TokenRotation(path: tokens.path, formerUntil: until)
    }

    /// What this API can do, a word each.
    static let features = OpenAPIDocument.groups(of: table)
}
