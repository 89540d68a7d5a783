import HTTPTypes
import Hummingbird
import KinIdentity
import KinWire
import Logging
import Synchronization

/// Requests with a body that need a credential: who makes them, how many at once, and what becomes of those that are refused.
final class AuthorizedRequests: Sendable {
    /// Bodies read at one time; of sends that is 20 MiB at most.
    static let maxInFlight = 256
    static let maxInFlightOfOne = 32

    /// What a body may be.
    struct Form: Sendable {
        var mediaTypes: [String]
        /// Bytes.
        var limit: Int
    }

    /// What is done with a request whose caller may make it.
    struct Work: Sendable {
        /// Has to hold until it is done, beside the credential.
        var condition: @Sendable () throws(RequestRefusal) -> Void = { () throws(RequestRefusal) in }
        var body: @Sendable (_ body: [UInt8], _ caller: Caller) async throws -> Response
    }

    private let callers: Callers
    private let metrics: ServerMetrics
    private let logger: Logger
    private let inFlight = Mutex<[String: Int]>([:])

    init(callers: Callers, metrics: ServerMetrics, logger: Logger) {
        self.callers = callers
        self.metrics = metrics
        self.logger = logger
    }

    /// - Parameter admit: says what may be done for an identity, or refuses it; asked before the body is read.
    func answer(
        _ request: Request, _ context: ServerContext, _ form: Form, admit: (Identity) throws(RequestRefusal) -> Work
    ) async throws -> Response {
        var isRead = false
        do {
            try Self.check(request, form)
            let known = try callers.caller(request.headers)
            let work = try admit(known.identity)
            let caller = known.adding(work.condition)
            try enter(known.identity.id)
            defer { leave(known.identity.id) }
            let body = try await WatchedBody(limit: form.limit, caller: caller).read(request)
            isRead = true
            return try await work.body(body, caller)
        } catch let refusal as RequestRefusal {
            log(refusal, from: context.remoteAddress)
            return Self.answer(refusal, isRead: isRead, context)
        }
    }

    /// A request whose body, where it has one, is taken as it comes.
    /// - Parameter hasBody: whether one may still be coming when it is refused.
    func answer(
        _ request: Request, _ context: ServerContext, hasBody: Bool, by work: (Caller) async throws -> Response
    ) async throws -> Response {
        do {
            return try await work(try callers.caller(request.headers))
        } catch let refusal as RequestRefusal {
            log(refusal, from: context.remoteAddress)
            return Self.answer(refusal, isRead: !hasBody, context)
        }
    }

    /// Whether a request without a body is by somebody with this scope.
    /// - Returns: the refusal; nil where it may be answered.
    func refusal(of request: Request, _ context: ServerContext, without scope: APIScope) -> Response? {
        do throws(RequestRefusal) {
            guard try callers.caller(request.headers).identity.scopes.contains(scope.rawValue) else {
                throw RequestRefusal(.forbidden, "scope_missing", "this needs an API key with scope \(scope)")
            }
            return nil
        } catch {
            log(error, from: context.remoteAddress)
            return ServerAnswer.failure(error)
        }
    }

    private static func check(_ request: Request, _ form: Form) throws(RequestRefusal) {
        guard let type = request.headers[.contentType], form.mediaTypes.contains(type.lowercased()) else {
            throw RequestRefusal(.unsupportedMediaType, "media_type", "the body must be \(form.mediaTypes[0])")
        }
    }

    private static func answer(_ refusal: RequestRefusal, isRead: Bool, _ context: ServerContext) -> Response {
        var response = ServerAnswer.failure(refusal)
        guard !isRead else { return response }
        // What is still being sent is not waited for.
        response.headers[.connection] = "close"
        context.closeSoon()
        return response
    }

    private func log(_ refusal: RequestRefusal, from address: String) {
        if refusal.code == "rate_limited" { metrics.limited["send"].add() }
        guard refusal.status == .unauthorized else { return }
        metrics.credentials[refusal.code].add()
        logger.notice(
            "unauthorized",
            metadata: ["security": "true", "code": .string(refusal.code), "from": .string(address)])
    }

    private func enter(_ id: String) throws(RequestRefusal) {
        let isFree = inFlight.withLock { inFlight -> Bool in
            guard inFlight.values.reduce(0, +) < Self.maxInFlight, inFlight[id, default: 0] < Self.maxInFlightOfOne
            else { return false }
            inFlight[id, default: 0] += 1
            return true
        }
        guard isFree else {
            throw RequestRefusal(
                .tooManyRequests, "server_busy", "too many requests at once: wait a moment", isRetryable: true)
        }
    }

    private func leave(_ id: String) {
        inFlight.withLock { inFlight in
            inFlight[id, default: 1] -= 1
            if inFlight[id] == 0 { inFlight[id] = nil }
        }
    }
}
