import Hummingbird
import KinDaemonAPI
import KinWire

// How a family moves to a new wallet (docs/protocol/local-api.md, "Changing the wallet").

extension DaemonRoutes {
    func addSuccessions(to router: Router<BasicRequestContext>) {
        router.get("v1/wallet/succession") { _, _ in APIResponse.json(successions.progress().json) }
        router.post("v1/wallet/succession/draft") { request, _ in
            let wanted = try SuccessionDraftRequest(json: try await Self.body(of: request))
            return APIResponse.json(try successions.plan(wanted).json)
        }
        router.post("v1/wallet/succession") { request, _ in
            try successions.take(SignedSuccession(json: try await Self.body(of: request)))
            await successions.tell()
            return APIResponse.json(successions.progress().json)
        }
        router.post("v1/wallet/succession/follow") { request, _ in
            let wanted = try SuccessionRequest(json: try await Self.body(of: request))
            try successions.follow(wanted.successor)
            return APIResponse.json(successions.progress().json)
        }
    }

    private static func body(of request: Request) async throws -> [UInt8] {
        var request = request
        return Array(try await request.collectBody(upTo: SendRequest.maxBytes).readableBytesView)
    }
}
