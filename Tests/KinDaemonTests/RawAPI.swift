import AsyncHTTPClient
import Foundation
import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import NIOCore
import NIOHTTP1

extension TestDaemon {
    /// An answer as it came.
    struct Answer: Sendable {
        var status: Int
        var json: JSON

        /// A member at a path of names.
        subscript(path: String...) -> JSON? {
            path.reduce(json as JSON?) { value, name in
                if case .object(let members)? = value { members[name] } else { nil }
            }
        }

        var code: JSON? { self["error", "code"] }
    }

    /// One request as any program would make it.
    func call(
        _ method: HTTPMethod = .GET, _ path: String, _ body: String? = nil, headers: [(String, String)] = []
    ) async throws -> Answer {
        let (response, bytes) = try await exchange(method, path, body, headers)
        return Answer(status: response, json: try JSON.parse(bytes))
    }

    /// Sends a body to `/v1/send`.
    func post(_ body: String, key: String? = nil) async throws -> Answer {
        try await call(.POST, "/v1/send", body, headers: key.map { [("Idempotency-Key", $0)] } ?? [])
    }

    private func exchange(
        _ method: HTTPMethod, _ path: String, _ body: String?, _ headers: [(String, String)]
    ) async throws -> (Int, [UInt8]) {
        let url = try URL(httpURLWithSocketPath: client.socketPath, uri: path).orThrow("a URL")
        var request = HTTPClientRequest(url: url.absoluteString)
        request.method = method
        request.headers = HTTPHeaders(headers)
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let asked = request
        // A stream has no end: the client's own limit is for its head alone.
        return try await within(.seconds(20), "the answer of \(path)") {
            let response = try await HTTPClient.shared.execute(asked, timeout: .seconds(20))
            return (Int(response.status.code), Array(try await response.body.collect(upTo: 1 << 24).readableBytesView))
        }
    }
}
