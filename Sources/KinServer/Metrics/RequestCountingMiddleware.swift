import HTTPTypes
import Hummingbird
import KinMetrics

/// Counts every plain HTTP request that is answered. The outermost of all.
struct RequestCountingMiddleware<Context: RequestContext>: RouterMiddleware {
    let requests: RequestMetrics

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let started = ContinuousClock.now
        let route = requests.route(request.method.rawValue, context.endpointPath)
        do {
            let response = try await next(request, context)
            route.answered(status: response.status.code, in: ContinuousClock.now - started)
            return response
        } catch {
            let status = (error as? any HTTPResponseError)?.status.code ?? 500
            route.answered(status: status, in: ContinuousClock.now - started)
            throw error
        }
    }
}
