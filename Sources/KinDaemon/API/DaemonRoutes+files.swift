import HTTPTypes
import Hummingbird
import KinDaemonAPI
import KinEncoding
import KinMailbox
import KinWire
import NIOCore

// Files (docs/protocol/local-api.md, "Files").

extension DaemonRoutes {
    static let fileRoutes: [LocalRoute] = [
        .post(
            "/v1/file/share", "files", "Shares a file of this machine", body: .required(FileShareRequest.schema),
            answers: [
                .json(FileInfo.schema, "It is a task on this machine's disk, and goes on by itself.", status: 202)
            ],
            errors: .full + sendErrors + [
                400: ["path_not_absolute", "file_name_invalid"],
                403: ["source_unreadable"], 404: ["source_missing"],
                409: ["source_is_folder", "source_is_link", "source_not_a_file"], 413: ["file_too_large"],
            ]
        ) { routes, request in
            APIResponse.json(
                try await routes.files.share(await request.read(FileShareRequest.init)).json, status: .accepted)
        },
        .get(
            "/v1/file/list", "files", "Files that were shared and received, the newest first",
            [
                .query("id", .ulid, "Only this one."), .query("cursor", .ulid, "From the page before."), .limit,
            ], answers: [.json(FileList.schema, "A page of them.")],
            errors: .store + [404: ["unknown_file"]]
        ) { routes, request in APIResponse.json(try routes.fileList(request.query).json) },
        .get(
            "/v1/file/get", "files", "Writes a received file, or gives it as it comes",
            [
                .query("id", .ulid, "The file's.", isRequired: true),
                .query(
                    "out", .text(longest: 4096),
                    "Where the daemon is to write it, absolute; absent: the answer is the file."),
            ],
            answers: [
                .init(
                    status: 200,
                    note: "The file; with out, lines of JSON that say how far it is, the last how it ended.",
                    mediaType: "application/octet-stream", schema: .text)
            ],
            errors: .full + [
                400: ["path_not_absolute"], 403: ["out_unwritable"],
                404: ["unknown_file", "folder_missing", "file_gone"],
                409: ["file_exists", "download_under_way"],
            ]
        ) { routes, request in
            let file = try routes.files.fetching.file(try Self.fileID(request.query))
            guard let out = request.query["out"] else { return routes.streamed(file, to: request.request) }
            return try await routes.written(file, to: out, request.request)
        },
        .post(
            "/v1/file/delete", "files", "Deletes a file this device shared", body: .required(FileDeletion.schema),
            answers: [.json(FileInfo.schema, "The file.")],
            errors: .full + [
                403: ["not_owner"], 404: ["unknown_file"], 503: ["server_unreachable", "server_answer"],
            ]
        ) { routes, request in
            APIResponse.json(try await routes.files.delete(await request.read(FileDeletion.init).id).json)
        },
    ]

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
        return try files.list(below: cursor, limit: query.limit())
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
}
