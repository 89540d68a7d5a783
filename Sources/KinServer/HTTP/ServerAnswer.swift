import HTTPTypes
import Hummingbird
import KinEncoding
import KinWire
import NIOCore

/// JSON answers; errors in the form of the local API: `{"error":{"code","message","retryable","detail"}}`.
enum ServerAnswer {
    static func json(_ json: JSON, status: HTTPResponse.Status = .ok) -> Response {
        bytes(json.canonicalBytes(), status: status)
    }

    static func bytes(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    static func failure(_ status: HTTPResponse.Status, _ code: String, _ message: String) -> Response {
        failure(RequestRefusal(status, code, message))
    }

    static func failure(_ refusal: RequestRefusal) -> Response {
        var response = bytes(body(refusal), status: refusal.status)
        if refusal.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        if let milliseconds = refusal.retryAfter { response.headers[.retryAfter] = "\((milliseconds + 999) / 1000)" }
        return response
    }

    static var upgradeRequired: Response {
        failure(.upgradeRequired, "upgrade_required", "this address speaks WebSocket")
    }

    static func body(_ refusal: RequestRefusal) -> [UInt8] {
        let error = JSON.object([
            "code": .string(refusal.code), "message": .string(refusal.message), "retryable": .bool(refusal.isRetryable),
            "detail": .object(refusal.detail),
        ])
        return JSON.object(["error": error]).canonicalBytes()
    }
}

/// Why a request is not done.
struct RequestRefusal: Error, Hashable, Sendable {
    var status: HTTPResponse.Status
    var code: String
    var message: String
    var isRetryable = false
    /// Milliseconds.
    var retryAfter: Int64?
    var detail: [String: JSON] = [:]

    init(_ status: HTTPResponse.Status, _ code: String, _ message: String, isRetryable: Bool = false) {
        self.status = status
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
    }

    /// A credential that is not taken.
    init(credential error: any Error) {
        switch error {
        case let error as KinError where error.category == .busy:
            self.init(.tooManyRequests, error.code, error.message, isRetryable: true)
        case let error as KinError where error.category == .refused:
            self.init(.unauthorized, error.code, error.message, isRetryable: error.retryable)
        default:
            self.init(
                .serviceUnavailable, "storage_unavailable", "the credential cannot be looked up now", isRetryable: true)
        }
    }
}

extension HTTPField.Name {
    static let retryAfter = parsed("Retry-After")
    /// draft-ietf-httpbis-resumable-upload.
    static let uploadOffset = parsed("Upload-Offset")
    static let uploadLength = parsed("Upload-Length")
    /// Milliseconds since 1970: when a blob is deleted.
    static let uploadExpiresAt = parsed("X-Kindred-Expires-At")

    private static func parsed(_ name: String) -> HTTPField.Name {
        // Nothing from outside comes here: the names are constants of this file.
        guard let field = HTTPField.Name(name) else { preconditionFailure("a constant that is a header's name") }
        return field
    }
}
