public import AsyncHTTPClient
import KinCrypto
public import KinEncoding
public import KinIdentity
public import KinWire
public import NIOCore
import NIOHTTP1

/// Sealed files at the mesh's server (docs/protocol/files.md, "The server"). Each request has a token of its own.
public struct BlobClient: Sendable {
    /// Until an answer's head is there: an append is answered when all of it is on the server's disk.
    private static let patience = TimeAmount.minutes(10)

    private let http: HTTPClient
    private let server: ServerAddress
    private let mesh: MeshID
    private let keys: DeviceKeys
    /// Milliseconds.
    private let now: @Sendable () -> Int64

    public init(
        http: HTTPClient, server: ServerAddress, mesh: MeshID, keys: DeviceKeys, now: @escaping @Sendable () -> Int64
    ) {
        self.http = http
        self.server = server
        self.mesh = mesh
        self.keys = keys
        self.now = now
    }

    /// Makes room for a file, or finds how far it has come.
    /// - Throws: `KinError` with the server's code, or `server_unreachable`.
    public func create(_ creation: BlobCreation) async throws -> BlobState {
        var request = try request(.POST, "")
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: creation.canonicalBytes()))
        let response = try await execute(request)
        do {
            let body = try await response.body.collect(upTo: 4096)
            return try BlobState(json: Array(body.readableBytesView))
        } catch {
            throw unreachable("its answer is not understood")
        }
    }

    /// Adds bytes where the file ends now.
    /// - Returns: where it ends then, and when it is deleted.
    public func append<Body: AsyncSequence & Sendable>(
        _ body: Body, count: Int64, to blob: ULID, at offset: Int64
    ) async throws -> (offset: Int64, expiresAt: Int64?) where Body.Element == ByteBuffer {
        var request = try request(.PATCH, "/\(blob)")
        request.headers.add(name: "content-type", value: "application/partial-upload")
        request.headers.add(name: "upload-offset", value: "\(offset)")
        request.body = .stream(body, length: .known(count))
        let response = try await execute(request)
        guard let end = response.headers.first(name: "upload-offset").flatMap({ Int64($0) }) else {
            throw unreachable("its answer is not understood")
        }
        return (end, response.headers.first(name: "x-kindred-expires-at").flatMap { Int64($0) })
    }

    /// The sealed bytes from `offset` on.
    /// - Returns: how many the whole file has, and the rest as it comes.
    public func read(_ blob: ULID, from offset: Int64) async throws -> (size: Int64, body: HTTPClientResponse.Body) {
        var request = try request(.GET, "/\(blob)")
        request.headers.add(name: "range", value: "bytes=\(offset)-")
        let response = try await execute(request)
        let size = response.headers.first(name: "content-range").flatMap { $0.split(separator: "/").last }
        guard response.status == .partialContent, let size = size.flatMap({ Int64($0) }) else {
            throw unreachable("its answer is not understood")
        }
        return (size, response.body)
    }

    public func delete(_ blob: ULID) async throws { _ = try await execute(request(.DELETE, "/\(blob)")) }

    private func request(_ method: HTTPMethod, _ path: String) throws -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "\(server.origin)/v1/blobs\(path)?mesh=\(mesh)")
        request.method = method
        let token: AuthToken
        do throws(TokenFault) {
            token = try AuthToken.mint(for: .server(origin: server.origin), key: keys.signing, now: now())
        } catch {
            throw KinError(error)
        }
        request.headers.add(name: "authorization", value: "Bearer \(token.text)")
        return request
    }

    private func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, timeout: Self.patience)
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as KinError {
            // What the body was made from failed.
            throw error
        } catch {
            try Task.checkCancellation()
            throw unreachable("it does not answer")
        }
        guard (200..<300).contains(Int(response.status.code)) else { throw await refusal(response) }
        return response
    }

    /// The server's own words.
    private func refusal(_ response: HTTPClientResponse) async -> KinError {
        let status = Int(response.status.code)
        let body = try? await response.body.collect(upTo: 1 << 16)
        guard case .object(let answer)? = try? JSON.parse(Array(body?.readableBytesView ?? ByteBufferView())),
            case .object(let error)? = answer["error"], case .string(let code)? = error["code"],
            case .string(let message)? = error["message"]
        else { return unreachable("it answered \(status)") }
        var detail: [String: JSON] = [:]
        if case .object(let members)? = error["detail"] { detail = members }
        return KinError(
            code, message, category: Self.category(of: status), retryable: error["retryable"] == .bool(true),
            detail: detail)
    }

    private static func category(of status: Int) -> KinError.Category {
        switch status {
        case 404, 410: .notFound
        case 408, 503: .unreachable
        case 409: .conflict
        case 413: .tooLarge
        case 429: .busy
        case 507: .exhausted
        case 400..<500: .refused
        default: .failed
        }
    }

    private func unreachable(_ why: String) -> KinError {
        KinError(
            "server_unreachable", "\(server) is not reached: \(why)", category: .unreachable, retryable: true)
    }
}
