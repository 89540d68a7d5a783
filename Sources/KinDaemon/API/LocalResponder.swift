import HTTPTypes
import Hummingbird
import KinMetrics
import Logging
import NIOCore

/// Answers requests of one listener by the table of routes. Counts every one, and says in the log which failed by the daemon's own fault.
struct LocalResponder: HTTPResponder {
    let routes: DaemonRoutes
    let table: RouteTable
    let requests: RequestMetrics
    let logger: Logger

    func respond(to request: Request, context: LocalContext) async throws -> Response {
        let started = ContinuousClock.now
        let found = table.find(request.method, request.uri.path)
        let response = try await answer(request, found, context)
        let path = try? found.get().route.path
        requests.route(request.method == .head ? "GET" : request.method.rawValue, path)
            .answered(status: response.status.code, in: ContinuousClock.now - started)
        if response.status == .internalServerError {
            logger.error(
                "request_failed",
                metadata: ["route": .string(path ?? "none"), "method": .string(request.method.rawValue)])
        }
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// Every error becomes an answer of the API's form.
    private func answer(
        _ request: Request, _ found: Result<RouteTable.Match, RouteTable.Miss>, _ context: LocalContext
    ) async throws -> Response {
        do {
            let match = try found.get()
            let wanted = try LocalRequest(request, match, on: context.channel)
            return try await match.route.respond(routes, wanted)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return APIResponse.failure(error)
        }
    }
}

/// A request's context, with the connection it came on.
struct LocalContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}
