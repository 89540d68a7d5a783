import Foundation
import HTTPTypes
import Hummingbird
import KinDaemonAPI
import KinWire
import NIOCore

/// A request that may be answered: its route, and what that needs of it.
struct LocalRequest: Sendable {
    /// Within which a whole body has to be there.
    static let patience = Duration.seconds(10)

    let request: Request
    let query: Query
    let caller: RequestGate.Caller
    let channel: any Channel
    private let parameters: [String: String]

    /// - Throws: `invalid_request` for query parameters that the route does not know, or not so.
    init(_ request: Request, _ match: RouteTable.Match, by caller: RequestGate.Caller, on channel: any Channel) throws {
        self.request = request
        self.caller = caller
        self.channel = channel
        parameters = match.parameters
        query = try Query(request, match.route)
    }

    /// What stands in the path at that place, unescaped.
    func parameter(_ name: String) -> String {
        let text = parameters[name] ?? ""
        return text.removingPercentEncoding ?? text
    }

    /// A header that is given once.
    func header(_ name: HTTPField.Name) throws -> String? {
        let values = request.headers[values: name]
        guard values.count < 2 else { throw Query.invalid(name.canonicalName, "be given once") }
        return values.first
    }

    func read<T>(_ type: ([UInt8]) throws -> T) async throws -> T { try type(await body()) }

    func body() async throws -> [UInt8] {
        try await inTime {
            var request = request
            return Array(try await request.collectBody(upTo: SendRequest.maxBytes).readableBytesView)
        }
    }

    /// Reads a body, while its sender goes on sending it.
    /// - Throws: `body_timeout`.
    func inTime<T: Sendable>(_ read: @escaping @Sendable () async throws -> T) async throws -> T {
        // What has no body is not waited for.
        if request.headers[.contentLength] == "0" { return try await read() }
        return try await withThrowingTaskGroup(of: T.self) { group in
            group.addTask { try await read() }
            group.addTask {
                try await Task.sleep(for: Self.patience)
                throw LocalRefusal(
                    .requestTimeout,
                    KinError("body_timeout", "the body did not come within 10 s: send it again", retryable: true))
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }
}

/// An answer whose status follows from no category of errors.
struct LocalRefusal: Error {
    var status: HTTPResponse.Status
    var error: KinError
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ error: KinError, headers: HTTPFields = [:]) {
        self.status = status
        self.error = error
        self.headers = headers
    }
}
