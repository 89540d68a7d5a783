import HTTPTypes
import Hummingbird
import KinBroker
import KinEncoding
import KinIdentity
import KinSQLite
import KinWire
import NIOCore

/// `/v1/blobs`: sealed files, taken and handed out a part at a time (docs/protocol/files.md, "The server").
struct BlobRoutes: Sendable {
    static let mediaType = "application/partial-upload"
    /// Bytes of a request to create one.
    private static let maxCreation = 1024

    let broker: Broker
    let store: any BrokerStore
    let files: BlobFiles
    let requests: AuthorizedRequests
    let metrics: ServerMetrics
    /// Within which 64 KiB have to move.
    let patience: Duration

    private let turns = BlobTurns()
    private let uploads = TransferSlots(total: 64, each: 4)
    private let downloads = TransferSlots(total: 64, each: 8)

    init(
        broker: Broker, store: any BrokerStore, files: BlobFiles, requests: AuthorizedRequests, metrics: ServerMetrics,
        patience: Duration
    ) {
        self.broker = broker
        self.store = store
        self.files = files
        self.requests = requests
        self.metrics = metrics
        self.patience = patience
    }

    func add(to router: Router<ServerContext>) {
        router.post("v1/blobs") { request, context in
            try await answer(request, context, hasBody: true) { try await create(request, $0, $1) }
        }
        router.head("v1/blobs/:id") { request, context in
            try await answer(request, context) { try await head(context, $0, $1) }
        }
        router.patch("v1/blobs/:id") { request, context in
            try await answer(request, context, hasBody: true) { try await append(request, context, $0, $1) }
        }
        router.get("v1/blobs/:id") { request, context in
            try await answer(request, context, sending: false) { try await read(request, context, $0, $1) }
        }
        router.delete("v1/blobs/:id") { request, context in
            try await answer(request, context) { try await delete(context, $0, $1) }
        }
    }

    /// Whatever is refused or fails, as the answer that says so.
    private func answer(
        _ request: Request, _ context: ServerContext, hasBody: Bool = false, sending: Bool = true,
        by work: (MeshMember, Caller) async throws -> Response
    ) async throws -> Response {
        try await requests.answer(request, context, hasBody: hasBody) { known in
            guard !known.identity.id.hasPrefix("apikey:") else {
                throw RequestRefusal(.forbidden, "scope_missing", "files are for members by their own tokens")
            }
            let mesh = request.uri.queryParameters["mesh"].map(String.init)
            let member = try ActingMember.find(known.identity, mesh: mesh, sending: sending, at: broker)
            let caller = known.adding { [broker] () throws(RequestRefusal) in
                try ActingMember.check(member, sending: sending, at: broker)
            }
            do { return try await work(member, caller) } catch { throw try RequestRefusal(ofBlob: error) }
        }
    }

    // MARK: Each

    private func create(_ request: Request, _ member: MeshMember, _ caller: Caller) async throws -> Response {
        let body = try await WatchedBody(limit: Self.maxCreation, caller: caller).read(request)
        let wanted: BlobCreation
        do throws(WireError) {
            wanted = try BlobCreation(json: body)
        } catch {
            throw RequestRefusal(.badRequest, error.code, error.message)
        }
        if let left = files.available, wanted.size > left, try known(wanted.blob, member) == nil {
            throw RequestRefusal.noRoom(needed: wanted.size, available: left)
        }
        let request = Broker.BlobRequest(
            id: wanted.blob, size: wanted.size, reader: wanted.reader, isPersistent: wanted.isPersistent)
        let (created, isNew) = try await broker.createBlob(request, by: member)
        let blob = isNew ? created : try await settled(created.id, member)
        return ServerAnswer.json(blob.state.json, status: isNew ? .created : .ok)
    }

    private func known(_ id: ULID, _ member: MeshMember) throws -> StoredBlob? {
        try? broker.blob(id, for: member, to: .change).blob
    }

    /// The blob once no older request writes to it.
    private func settled(_ id: ULID, _ member: MeshMember) async throws -> StoredBlob {
        let place = try broker.blob(id, for: member, to: .change).place
        try await turns.interrupt(place)
        return try broker.blob(id, for: member, to: .change).blob
    }

    private func head(_ context: ServerContext, _ member: MeshMember, _: Caller) async throws -> Response {
        Self.progress(try await settled(Self.id(context), member), status: .ok)
    }

    private func append(
        _ request: Request, _ context: ServerContext, _ member: MeshMember, _ caller: Caller
    ) async throws -> Response {
        guard request.headers[.contentType]?.lowercased() == Self.mediaType else {
            throw RequestRefusal(.unsupportedMediaType, "media_type", "the body must be \(Self.mediaType)")
        }
        guard let offset = request.headers[.uploadOffset].flatMap({ Int64($0) }), offset >= 0 else {
            throw RequestRefusal(.badRequest, "invalid_request", "Upload-Offset must be a number of bytes")
        }
        let slot = try uploads.enter(caller.identity.id)
        defer { withExtendedLifetime(slot) {} }
        let place = try broker.blob(Self.id(context), for: member, to: .change).place
        let turn = try await turns.begin(place)
        defer { turns.end(turn, place) }
        let blob = try broker.blob(place.id, for: member, to: .change).blob
        guard offset == blob.offset else { throw RequestRefusal.offsetMismatch(blob.offset) }
        let file = try await open(place) { try $0.writer(place, at: offset) }
        let intake = BlobIntake(file, at: offset, end: blob.size)
        var end: (any Error)?
        do {
            try await intake.receive(request, from: caller, turn: turn, pace: TransferPace(patience: patience))
        } catch { end = error }
        // However it ended, and whoever gave up: what came in whole chunks is kept.
        let now = try await Task { () -> StoredBlob in
            let kept = try await intake.settle()
            metrics.blobBytes["in"].add(Int(kept - offset))
            return kept == offset ? blob : try await broker.advance(blob, at: place, to: kept)
        }.value
        if let end { throw end }
        return Self.progress(now, status: .noContent)
    }

    private func read(
        _ request: Request, _ context: ServerContext, _ member: MeshMember, _ caller: Caller
    ) async throws -> Response {
        let (place, blob) = try broker.blob(Self.id(context), for: member, to: .read)
        guard blob.isComplete else {
            throw RequestRefusal(.conflict, "blob_incomplete", "not all of the file is here yet", isRetryable: true)
        }
        let slot = try downloads.enter(caller.identity.id)
        let file = try await open(place) { files in
            let file = try files.reader(place)
            guard try file.size >= blob.size else { throw BlobFiles.Missing() }
            return file
        }
        let delivery = BlobDelivery(file: file, caller: caller, slot: slot, metrics: metrics, patience: patience)
        var headers: HTTPFields = [.contentType: "application/octet-stream", .acceptRanges: "bytes"]
        switch ByteRange(request.headers[.range], size: blob.size) {
        case .whole:
            return Response(status: .ok, headers: headers, body: delivery.body(0..<blob.size, on: context.channel))
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(blob.size)"
            return Response(status: .partialContent, headers: headers, body: delivery.body(range, on: context.channel))
        case .unsatisfiable:
            headers[.contentRange] = "bytes */\(blob.size)"
            var response = ServerAnswer.failure(.rangeNotSatisfiable, "range_invalid", "the file ends before that")
            response.headers[.contentRange] = headers[.contentRange]
            return response
        }
    }

    private func delete(_ context: ServerContext, _ member: MeshMember, _: Caller) async throws -> Response {
        let place = try broker.blob(Self.id(context), for: member, to: .change).place
        let turn = try await turns.begin(place)
        defer { turns.end(turn, place) }
        try await store.removeBlob(place, expiredBy: nil)
        try await BlobIntake.disk { [files] in try files.remove(place) }
        return Response(status: .noContent)
    }

    /// Opens a blob's file. One that is gone takes its row with it: whoever has the file sends it anew.
    private func open(
        _ place: BlobPlace, _ body: @escaping @Sendable (BlobFiles) throws -> OpenBlob
    ) async throws -> OpenBlob {
        do {
            return try await BlobIntake.disk { [files] in try body(files) }
        } catch is BlobFiles.Missing {
            try await store.removeBlob(place, expiredBy: nil)
            throw Refusal.unknownBlob
        }
    }

    private static func id(_ context: ServerContext) throws -> ULID {
        guard let id = context.parameters.get("id").flatMap({ ULID($0) }) else { throw Refusal.unknownBlob }
        return id
    }

    private static func progress(_ blob: StoredBlob, status: HTTPResponse.Status) -> Response {
        var response = Response(status: status)
        response.headers[.uploadOffset] = "\(blob.offset)"
        response.headers[.uploadLength] = "\(blob.size)"
        if let end = blob.expiresAt { response.headers[.uploadExpiresAt] = "\(end)" }
        return response
    }
}

extension StoredBlob {
    fileprivate var state: BlobState { BlobState(blob: id, size: size, offset: offset, expiresAt: expiresAt) }
}
