import Hummingbird
import HummingbirdCore
import KinWire
import Logging

/// Refuses credentials in addresses, which end up in logs and histories: whoever sent one should think it lost.
struct CredentialInAddress: RouterMiddleware {
    let logger: Logger

    static func isIn(_ uri: URI) -> Bool { uri.query.map(AddressCredential.isIn) ?? false }

    static let refusal = RequestRefusal(
        .badRequest, "credential_in_address",
        "a token or key belongs into the Authorization header, never into an address: this one may be in logs now, so make a new one"
    )

    /// A security event: what was shown is not repeated.
    static func log(_ uri: URI, from address: String, _ logger: Logger) {
        logger.warning(
            "credential_in_address",
            metadata: ["security": "true", "path": .string(String(uri.path.prefix(256))), "from": .string(address)])
    }

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard Self.isIn(request.uri) else { return try await next(request, context) }
        Self.log(request.uri, from: context.remoteAddress, logger)
        context.closeSoon()
        var response = ServerAnswer.failure(Self.refusal)
        response.headers[.connection] = "close"
        return response
    }
}
