import HTTPTypes
import Hummingbird
import KinDaemonAPI
import KinEncoding
import KinMailbox
import KinWire
import NIOCore

// Files (docs/protocol/local-api.md, "Files").

extension DaemonRoutes {
    func addFiles(to router: Router<BasicRequestContext>) {
        router.post("v1/file/share") { request, _ in
            let wanted = try FileShareRequest(json: try await Self.fileBody(of: request))
            return APIResponse.json(try await files.share(wanted).json, status: .accepted)
        }
        router.get("v1/file/list") { request, _ in APIResponse.json(try fileList(Query(request)).json) }
        router.get("v1/file/get") { request, _ in
            let query = Query(request)
            let file = try files.fetching.file(try Self.fileID(query))
            guard let out = query["out"] else { return streamed(file, to: request) }
            return try await written(file, to: out, request)
        }
        router.post("v1/file/delete") { request, _ in
            let wanted = try FileDeletion(json: try await Self.fileBody(of: request))
            return APIResponse.json(try await files.delete(wanted.id).json)
        }
    }

    private func fileList(_ query: Query) throws -> FileList {
        if query["id"] != nil {
            let id = try Self.fileID(query)
            guard let file = try files.find(id) else {
                throw KinError("unknown_file", "this device knows of no file \(id)", category: .notFound)
            }
            return FileList(files: [file], cursor: nil)
        }
        let cursor = try query["cursor"].map { text in
            guard let id = ULID(text) else { throw Query.invalid("cursor", "be one of a page") }
            return id
        }
        return try files.list(below: cursor, limit: try query.limit())
    }

    /// The plaintext as it comes.
    private func streamed(_ file: ReceivedFile, to request: Request) -> Response {
        let body = ResponseBody(contentLength: Int(file.file.size)) { writer in
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                try await files.fetching.stream(file) { try await writer.write($0) }
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: Self.streaming("application/octet-stream"), body: body)
    }

    /// Writes the file, and says line by line how far it is.
    private func written(_ file: ReceivedFile, to out: String, _ request: Request) async throws -> Response {
        let part = try await files.fetching.part(of: file, for: out)
        let (reports, report) = AsyncStream.makeStream(of: Int64.self, bufferingPolicy: .bufferingNewest(1))
        let body = ResponseBody { writer in
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                async let got = Self.line(report) {
                    try await files.fetching.write(file, into: part) { report.yield($0) }
                }
                var last = ContinuousClock.now - Self.reportPause
                for await bytes in reports where ContinuousClock.now - last >= Self.reportPause {
                    last = .now
                    let line = FileGetLine.progress(received: bytes, size: file.file.size)
                    try await writer.write(ByteBuffer(bytes: line.json.canonicalBytes() + [UInt8(ascii: "\n")]))
                }
                try await writer.write(ByteBuffer(bytes: await got.json.canonicalBytes() + [UInt8(ascii: "\n")]))
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: Self.streaming("application/x-ndjson"), body: body)
    }

    /// Whoever is watched for going away cannot ask anything more on that connection.
    private static func streaming(_ type: String) -> HTTPFields {
        [.contentType: type, .cacheControl: "no-store", .connection: "close"]
    }

    private static let reportPause = Duration.milliseconds(100)

    /// How it ended, as a line.
    private static func line(
        _ report: AsyncStream<Int64>.Continuation, _ body: () async throws -> FileGot
    ) async -> FileGetLine {
        defer { report.finish() }
        do {
            return .done(try await body())
        } catch {
            return .failed(error as? KinError ?? KinError("internal", "the daemon failed: \(type(of: error))"))
        }
    }

    private static func fileID(_ query: Query) throws -> ULID {
        guard let id = query["id"].flatMap({ ULID($0) }) else { throw Query.invalid("id", "be a file's id") }
        return id
    }

    private static func fileBody(of request: Request) async throws -> [UInt8] {
        var request = request
        return Array(try await request.collectBody(upTo: SendRequest.maxBytes).readableBytesView)
    }
}
