import Hummingbird
import KinWire
import NIOCore
import ServiceLifecycle

/// Reads a request's body while its credential is watched: one that is taken back ends the reading at once.
struct WatchedBody {
    /// How often the credential is looked at while nothing comes.
    static let watch = Duration.milliseconds(100)
    /// Within which the whole body has to be there.
    static let deadline = Duration.seconds(30)

    let limit: Int
    let caller: Caller
    let deadline: Duration

    init(limit: Int, caller: Caller, deadline: Duration = Self.deadline) {
        self.limit = limit
        self.caller = caller
        self.deadline = deadline
    }

    /// - Throws: `RequestRefusal`: 401, 408, 413, 503 at shutdown; 400 for a body that broke off.
    func read(_ request: Request) async throws -> [UInt8] {
        let expected = try expectedLength(request)
        return try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask { try await collect(request.body, expected: expected) }
            group.addTask {
                let end = ContinuousClock.now + deadline
                while ContinuousClock.now < end {
                    try await Task.sleep(for: Self.watch)
                    try caller.recheck()
                }
                throw RequestRefusal(
                    .requestTimeout, "body_timeout", "the body did not come in time", isRetryable: true)
            }
            group.addTask {
                // Only shutdown or cancellation ends this.
                try? await gracefulShutdown()
                try Task.checkCancellation()
                throw RequestRefusal(
                    .serviceUnavailable, "server_draining", "the server shuts down: try again", isRetryable: true)
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }

    private func expectedLength(_ request: Request) throws -> Int? {
        guard let text = request.headers[.contentLength] else { return nil }
        guard let length = Int(text), length >= 0 else {
            throw RequestRefusal(.badRequest, "invalid_request", "Content-Length must be a number of bytes")
        }
        guard length <= limit else { throw tooLarge }
        return length
    }

    private func collect(_ body: RequestBody, expected: Int?) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in body {
            guard bytes.count + chunk.readableBytes <= limit else { throw tooLarge }
            bytes += chunk.readableBytesView
            try caller.recheck()
        }
        try Task.checkCancellation()
        // An input that is closed from this side, too, ends the body as if it were whole.
        guard expected == nil || expected == bytes.count else {
            throw RequestRefusal(.badRequest, "invalid_request", "the body broke off")
        }
        return bytes
    }

    private var tooLarge: RequestRefusal {
        var refusal = RequestRefusal(
            .contentTooLarge, "body_too_large", "a request body is at most \(limit) bytes")
        refusal.detail = ["limit": .integer(Int64(limit))]
        return refusal
    }
}
