import Hummingbird
import KinDaemonAPI
import KinWire

// What holds for the whole mesh (docs/protocol/local-api.md, "Settings of the mesh").

extension DaemonRoutes {
    func addSettings(to router: Router<BasicRequestContext>) {
        router.get("v1/mesh/settings") { _, _ in APIResponse.json(settings.shown().json) }
        router.post("v1/mesh/settings") { request, _ in
            var request = request
            let body = try await request.collectBody(upTo: SendRequest.maxBytes)
            let wanted = try MeshSettingsRequest(json: Array(body.readableBytesView))
            return APIResponse.json(try await settings.set(wanted.concurrentPolicy).json)
        }
    }
}
