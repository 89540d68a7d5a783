import HTTPTypes
import Hummingbird
import KinMetrics
import KinWire
import Logging
import NIOCore

/// Answers requests of one listener by the table of routes, those that its gate lets through. Counts every one, and says in the log which failed by the daemon's own fault.
struct LocalResponder: HTTPResponder {
    let routes: DaemonRoutes
    let table: RouteTable
    let gate: RequestGate
    let refused: RefusedRequests
    let requests: RequestMetrics
    let logger: Logger

    /// Bytes of an answer that is held to be written at once.
    private static let smallAnswer = 64 << 10

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

    /// A connection was closed since what it was told was not read.
    func noteUnread() {
        refused.noteUnread()
        logger.notice("connection_cut", metadata: ["reason": "slow_reader", "via": .string(gate.listener.rawValue)])
    }

    /// Every error becomes an answer of the API's form.
    private func answer(
        _ request: Request, _ found: Result<RouteTable.Match, RouteTable.Miss>, _ context: LocalContext
    ) async throws -> Response {
        do {
            try gate.checkHead(request)
            let caller = try gate.caller(request, for: try? found.get().route)
            let passage = try gate.flow.enter()
            let match = try found.get()
            try gate.checkBody(request, for: match.route)
            let response = try await match.route.respond(
                routes, LocalRequest(request, match, by: caller, on: context.channel))
            return Self.holding(passage, response)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let response = APIResponse.failure(error)
            refused.note(
                APIResponse.code(error), via: gate.listener.rawValue,
                showsCredential: request.headers[.authorization] != nil)
            return response
        }
    }

    /// A request is being answered until a large answer is written; an event stream has a bound of its own.
    private static func holding(_ passage: RequestFlow.Passage, _ response: Response) -> Response {
        guard let count = response.body.contentLength, count > smallAnswer else { return response }
        let body = response.body
        return Response(
            status: response.status, headers: response.headers,
            body: ResponseBody(contentLength: count) { writer in
                defer { withExtendedLifetime(passage) {} }
                try await body.write(writer)
            })
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
