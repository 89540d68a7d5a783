import Hummingbird
import KinDaemonAPI
import KinWire

/// The query parameters of one request, each known to its route and given once.
struct Query {
    private let parameters: Parameters

    init(_ request: Request) { parameters = request.uri.queryParameters }

    subscript(_ name: String) -> String? { parameters[Substring(name)].map(String.init) }

    func integer(_ name: String, from lowest: Int64 = 0) throws -> Int64? {
        guard let text = self[name] else { return nil }
        guard let value = Int64(text), value >= lowest else { throw Self.invalid(name, "be a whole number") }
        return value
    }

    func bool(_ name: String) throws -> Bool {
        switch self[name] {
        case nil, "false": false
        case "true": true
        default: throw Self.invalid(name, "be true or false")
        }
    }

    /// How many to give: within what one page may hold.
    func limit(_ name: String = "limit") throws -> Int {
        let limit = try integer(name) ?? Int64(DaemonRoutes.defaultPage)
        return Int(min(max(limit, 1), Int64(InboxParameters.maxLimit)))
    }

    static func invalid(_ name: String, _ expectation: String) -> KinError {
        KinError("invalid_request", "\(name) must \(expectation)", category: .usage)
    }
}

/// Refuses query parameters that a route does not know: one that is misspelt would be a filter that is not applied.
struct QueryMiddleware<Context: RequestContext>: RouterMiddleware {
    /// By the route's path; those that are not here know none.
    static var known: [String: [String]] {
        [
            "/v1/inbox": ["cursor", "since", "from", "limit"],
            "/v1/inbox/search": ["q", "cursor", "since", "from", "limit"],
            "/v1/outbox": ["failed", "cursor", "limit"],
            "/v1/history": ["to", "from", "cursor", "limit", "last"],
            "/v1/file/list": ["id", "cursor", "limit"],
            "/v1/file/get": ["id", "out"],
        ]
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        // A route that is none is said as such.
        guard let path = context.endpointPath else { return try await next(request, context) }
        let known = Self.known[path] ?? []
        var seen: Set<Substring> = []
        for name in request.uri.queryParameters.map(\.key) {
            guard known.contains(String(name)) else { throw Self.unknown(name, known) }
            guard seen.insert(name).inserted else { throw Query.invalid(String(name), "be given once") }
        }
        return try await next(request, context)
    }

    private static func unknown(_ name: Substring, _ known: [String]) -> KinError {
        let others = known.isEmpty ? "there are none here" : "known are \(known.joined(separator: ", "))"
        return KinError(
            "invalid_request", "\(name.prefix(64)) is no query parameter of this route: \(others)", category: .usage)
    }
}
