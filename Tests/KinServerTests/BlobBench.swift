import AsyncHTTPClient
import Foundation
import GRDB
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import NIOCore
import NIOHTTP1

/// What members ask of a server's blobs, request by request.
extension HTTPBench {
    struct BlobAnswer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var bytes: [UInt8]

        var json: JSON { (try? JSON.parse(bytes)) ?? .null }
        var code: String { json["error"]["code"].text }
        /// The server's, in whatever way it tells.
        var offset: Int64? {
            if case .integer(let offset) = json["offset"] { return offset }
            if case .integer(let offset) = json["error"]["detail"]["offset"] { return offset }
            return headers.first(name: "upload-offset").flatMap { Int64($0) }
        }
    }

    func blobID(_ number: UInt8 = 1) -> ULID {
        ULID(milliseconds: Self.now, randomness: [UInt8](repeating: number, count: 10))
    }

    func call(
        _ method: HTTPMethod, _ path: String, as device: TestDevice? = nil, credential: String? = nil,
        headers: [(String, String)] = [], body: [UInt8]? = nil
    ) async throws -> BlobAnswer {
        do {
            return try await callOnce(method, path, as: device, credential: credential, headers: headers, body: body)
        } catch ChannelError.ioOnClosedChannel {
            // What is refused is answered before its body is there. The client ends such a connection, and may still be writing to it.
            return try await callOnce(method, path, as: device, credential: credential, headers: headers, body: body)
        }
    }

    private func callOnce(
        _ method: HTTPMethod, _ path: String, as device: TestDevice?, credential: String?,
        headers: [(String, String)], body: [UInt8]?
    ) async throws -> BlobAnswer {
        var request = HTTPClientRequest(url: try server.url + path)
        request.method = method
        request.headers = HTTPHeaders(headers)
        let credential = try credential ?? token(of: device)
        request.headers.add(name: "Authorization", value: "Bearer \(credential)")
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await http.execute(request, timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: 1 << 26)
        return BlobAnswer(
            status: Int(response.status.code), headers: response.headers, bytes: Array(bytes.readableBytesView))
    }

    func create(
        _ id: ULID, size: Int, to reader: Destination? = nil, persistent: Bool = false, as device: TestDevice? = nil
    ) async throws -> BlobAnswer {
        let creation = BlobCreation(
            blob: id, size: Int64(size), reader: reader ?? .dm(studio.member), isPersistent: persistent)
        return try await call(
            .POST, "/v1/blobs", as: device, headers: [("Content-Type", "application/json")],
            body: creation.canonicalBytes())
    }

    func append(
        _ bytes: [UInt8], to id: ULID, at offset: Int, as device: TestDevice? = nil
    ) async throws -> BlobAnswer {
        try await call(
            .PATCH, "/v1/blobs/\(id)", as: device,
            headers: [("Content-Type", "application/partial-upload"), ("Upload-Offset", "\(offset)")], body: bytes)
    }

    func read(_ id: ULID, _ range: String? = nil, as device: TestDevice? = nil) async throws -> BlobAnswer {
        try await call(
            .GET, "/v1/blobs/\(id)", as: device ?? studio, headers: range.map { [("Range", $0)] } ?? [])
    }

    /// An append that is never finished: its head, and some of the body it announces.
    func beginAppend(_ first: [UInt8], of length: Int, to id: ULID, at offset: Int) async throws -> RawPeer {
        let peer = try await RawPeer.connect(to: server.port)
        peer.send(
            """
            PATCH /v1/blobs/\(id) HTTP/1.1\r
            Host: 127.0.0.1\r
            Content-Type: application/partial-upload\r
            Authorization: Bearer \(try token())\r
            Upload-Offset: \(offset)\r
            Content-Length: \(length)\r
            \r\n
            """)
        peer.send(first)
        return peer
    }

    /// The server's file of a blob.
    func blobPath(_ id: ULID) -> String { data.file("blobs/1/\(id)") }

    /// Waits until so many bytes are in it.
    func holds(_ count: Int, _ id: ULID) async throws {
        try await eventually("\(count) bytes are written") {
            let size = try? FileManager.default.attributesOfItem(atPath: blobPath(id))[.size] as? Int
            return size ?? 0 >= count
        }
    }

    /// Changes the store of a server that is down.
    func change(_ sql: String) throws {
        let queue = try DatabaseQueue(path: data.file("broker.db"))
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }
}
