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
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.canonicalBytes())))
    }

    static func metrics(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: MetricFamily.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func failure(_ error: any Error) -> Response {
        let error =
            switch error {
            case let error as KinError: error
            case is NIOTooManyBytesError:
                KinError(
                    "body_too_large", "a request body is at most \(SendRequest.maxBytes) bytes", category: .tooLarge)
            case let error as HTTPError where error.status == .notFound:
                KinError("no_such_route", "there is no such route: see docs/protocol/local-api.md", category: .notFound)
            case let error as HTTPError:
                KinError("invalid_request", error.body ?? "the request is not understood", category: .usage)
            default: KinError("internal", "the daemon failed: \(type(of: error)); see its log")
            }
        return json(APIError.json(error), status: .init(code: APIError.status(of: error.category)))
    }
}

/// Turns every error into an answer of the API's form.
struct APIErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return APIResponse.failure(error)
        }
    }
}
