import HTTPTypes
import Hummingbird
import KinDaemonAPI
import KinEncoding
import KinMetrics
import KinWire
import NIOCore

/// JSON answers of the local API.
enum APIResponse {
    static func json(_ json: JSON, status: HTTPResponse.Status = .ok) -> Response {
        bytes(json.canonicalBytes(), status: status)
    }

    static func bytes(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    static func metrics(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: MetricFamily.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func failure(_ error: any Error) -> Response {
        switch error {
        case let refusal as LocalRefusal:
            var response = json(APIError.json(refusal.error), status: refusal.status)
            response.headers.append(contentsOf: refusal.headers)
            return response
        case RouteTable.Miss.method(let allowed):
            let error = KinError("method_not_allowed", "here there is \(allowed)", category: .usage)
            var response = json(APIError.json(error), status: .methodNotAllowed)
            response.headers[.allow] = allowed
            return response
        default:
            let error = kinError(error)
            return json(APIError.json(error), status: .init(code: APIError.status(of: error.category)))
        }
    }

    /// What a refusal is called.
    static func code(_ error: any Error) -> String {
        switch error {
        case let refusal as LocalRefusal: refusal.error.code
        case RouteTable.Miss.method: "method_not_allowed"
        default: kinError(error).code
        }
    }

    private static func kinError(_ error: any Error) -> KinError {
        switch error {
        case let error as KinError: error
        case is RouteTable.Miss:
            KinError(
                "no_such_route", "there is no such route:  GET /openapi.json  lists them", category: .notFound)
        case is NIOTooManyBytesError: RequestGate.bodyTooLarge
        case let error as HTTPError:
            KinError("invalid_request", error.body ?? "the request is not understood", category: .usage)
        default: KinError("internal", "the daemon failed: \(type(of: error)); see its log")
        }
    }
}
