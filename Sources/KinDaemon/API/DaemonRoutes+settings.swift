import KinDaemonAPI
import KinWire

// What holds for the whole mesh (docs/protocol/local-api.md, "Settings of the mesh").

extension DaemonRoutes {
    static let meshSettings: [LocalRoute] = [
        .get(
            "/v1/mesh/settings", "settings", "What holds for the whole mesh",
            answers: [.json(MeshSettingsInfo.schema, "The settings.")]
        ) { routes, _ in APIResponse.json(routes.settings.shown().json) },
        .post(
            "/v1/mesh/settings", "settings", "Changes it, signed by this device",
            body: .required(MeshSettingsRequest.schema),
            answers: [.json(MeshSettingsInfo.schema, "The settings, once the server has them.")],
            errors: [
                403: ["not_an_owner", "settings_invalid", "unknown_message_type"], 409: ["settings_outdated"],
                500: ["storage_unavailable"], 503: ["not_connected", "timeout"],
            ]
        ) { routes, request in
            let wanted = try await request.read(MeshSettingsRequest.init)
            return APIResponse.json(try await routes.settings.set(wanted.concurrentPolicy).json)
        },
    ]
}
