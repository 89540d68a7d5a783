import HTTPTypes
import KinDaemonAPI

extension HTTPField.Name {
    static let idempotencyKey = constant("Idempotency-Key")
    static let lastEventID = constant("Last-Event-ID")
    static let retryAfter = constant("Retry-After")
    /// As `DaemonClient` sends it.
    static let vaultHandle = constant(DaemonClient.vaultHandleHeader)
    static let origin = constant("Origin")
    static let fetchSite = constant("Sec-Fetch-Site")
    static let requestedMethod = constant("Access-Control-Request-Method")

    private static func constant(_ name: String) -> HTTPField.Name {
        // Nothing from outside comes here: the names are those above, and a typing error in one shows in any test of the routes.
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is no header's name") }
        return field
    }
}
