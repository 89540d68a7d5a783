import HTTPTypes
import Hummingbird
import KinMetrics
import Logging

/// Counts every request that is answered, and says in the log which failed by the daemon's own fault. The outermost of all.
struct RequestCountingMiddleware<Context: RequestContext>: RouterMiddleware {
    let requests: RequestMetrics
    let logger: Logger

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let started = ContinuousClock.now
        let response = try await next(request, context)
        let route = requests.route(request.method.rawValue, context.endpointPath)
        route.answered(status: response.status.code, in: ContinuousClock.now - started)
        if response.status == .internalServerError {
            logger.error(
                "request_failed",
                metadata: [
                    "route": .string(context.endpointPath ?? "none"), "method": .string(request.method.rawValue),
                ])
        }
        return response
    }
}
