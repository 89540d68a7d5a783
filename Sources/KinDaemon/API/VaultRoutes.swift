import HTTPTypes
import Hummingbird
import KinCrypto
import KinDaemonAPI
import KinVault
import KinWire
import NIOCore

/// The vault's messages on the local API (docs/protocol/vault.md): `POST /v1/vault/<operation>`.
struct VaultRoutes: Sendable {
    let vault: VaultService

    func add(to router: Router<BasicRequestContext>) {
        router.post("v1/vault/:operation") { request, context in
            try await answer(request, to: context.parameters.get("operation"))
        }
    }

    private func answer(_ request: Request, to name: String?) async throws -> Response {
        guard let operation = name.flatMap({ VaultOperation(rawValue: $0) }) else {
            throw KinError(
                "no_such_route", "the vault does no such thing: see docs/protocol/vault.md", category: .notFound)
        }
        let body = try await SecretBody.collect(request.body, upTo: SendRequest.maxBytes)
        let wanted = try body.withBytes { body in
            do throws(WireError) {
                // Where nothing has to be said, nothing need be sent.
                guard !body.isEmpty else { return try SecretVaultRequest(operation, body: Array("{}".utf8)) }
                return try SecretVaultRequest(operation, body: body)
            } catch {
                throw KinError("invalid_request", error.message, category: .usage)
            }
        }
        let answer = try await vault.handle(wanted, handle: try handle(request))
        return answer.encodedBody().withBytes { bytes in
            Response(
                status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        }
    }

    private func handle(_ request: Request) throws -> VaultHandle? {
        guard let text = request.headers[.vaultHandle] else { return nil }
        guard let handle = VaultHandle(SecretBytes(copying: Array(text.utf8))) else {
            throw KinError(
                "handle_invalid", "that is no handle: it is 43 characters, as unlocking gave it", category: .refused)
        }
        return handle
    }
}
