/// Why a WebSocket could not be opened.
public struct WebSocketError: Error, Sendable, CustomStringConvertible {
    /// The answer of a server that refused the upgrade.
    public struct Refusal: Sendable, Equatable {
        /// HTTP status code.
        public let status: Int
        /// At most the first 1,024 bytes of the body; bytes that are not UTF-8 are replaced.
        public let body: String

        public init(status: Int, body: String) {
            self.status = status
            self.body = body
        }
    }

    /// Stable, one of: `url_invalid`, `header_invalid`, `insecure_url`, `dns_failed`, `connect_refused`,
    /// `connect_failed`, `tls_failed`, `timed_out`, `upgrade_refused`, `upgrade_failed`, `cancelled`.
    public let code: String
    /// What happened and with which address; never the path or query, which may hold tokens.
    public let message: String
    public let cause: (any Error)?
    /// Set when `code` is `upgrade_refused`.
    public let refusal: Refusal?

    public init(code: String, message: String, cause: (any Error)? = nil, refusal: Refusal? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
        self.refusal = refusal
    }

    public var description: String { "\(code): \(message)" }
}
