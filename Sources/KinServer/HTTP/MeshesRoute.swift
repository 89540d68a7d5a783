import Hummingbird
import KinBroker
import KinEncoding
import KinIdentity
import KinWire

/// `POST /v1/meshes`: brings a family that the server's policy would not let in by itself (docs/protocol/http-api.md).
struct MeshesRoute: Sendable {
    let broker: Broker
    let requests: AuthorizedRequests

    func answer(_ request: Request, _ context: ServerContext) async throws -> Response {
        let form = AuthorizedRequests.Form(
            mediaTypes: ["application/json"], limit: StatementLimits.maxBytes * StatementLimits.maxChain)
        return try await requests.answer(request, context, form) { identity throws(RequestRefusal) in
            guard identity.scopes.contains(APIScope.createMesh.rawValue) else {
                throw RequestRefusal(.forbidden, "scope_missing", "this credential may not bring a mesh")
            }
            return AuthorizedRequests.Work { body, caller in try await take(body, caller) }
        }
    }

    private func take(_ body: [UInt8], _ caller: Caller) async throws -> Response {
        let chain: Chain
        do {
            chain = try Chain(json: JSON.parse(body))
        } catch {
            throw RequestRefusal(.badRequest, "invalid_message", "the body must be a chain: an array of statements")
        }
        try caller.recheck()
        do {
            let isNew = try await broker.introduce(chain)
            let mesh = JSON.string(chain.certificate.mesh.description)
            return ServerAnswer.json(
                .object(["mesh": mesh, "created": .bool(isNew)]), status: isNew ? .created : .ok)
        } catch let fault as ChainNotTaken {
            throw RequestRefusal(.forbidden, "chain_invalid", fault.reason)
        } catch {
            throw RequestRefusal(
                .serviceUnavailable, "storage_unavailable", "the mesh could not be stored", isRetryable: true)
        }
    }
}
