import Hummingbird
import KinBroker
import KinWire
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Takes the body of one append straight to the blob's file. What it holds in memory is one buffer, whatever the body's length.
actor BlobIntake {
    /// Bytes gathered for one write.
    private static let bufferBytes = 262_144

    private let file: OpenBlob
    private let end: Int64
    private var gathered = ByteBuffer()
    private var offset: Int64

    init(_ file: OpenBlob, at offset: Int64, end: Int64) {
        self.file = file
        self.end = end
        self.offset = offset
    }

    func take(_ piece: ByteBuffer) async throws {
        guard Int64(gathered.readableBytes) + Int64(piece.readableBytes) <= end - offset else {
            throw RequestRefusal(.contentTooLarge, "body_too_large", "the file was announced with fewer bytes")
        }
        gathered.writeImmutableBuffer(piece)
        if gathered.readableBytes >= Self.bufferBytes { try await flush() }
    }

    private func flush() async throws {
        let (bytes, start) = (gathered, offset)
        guard bytes.readableBytes > 0 else { return }
        try await Self.disk { [file] in
            try bytes.withUnsafeReadableBytes { try file.write($0, at: start) }
        }
        offset += Int64(bytes.readableBytes)
        gathered.clear()
    }

    /// Keeps the whole chunks of what came, on disk.
    /// - Returns: where they end.
    func settle() async throws -> Int64 {
        // What a full disk did not take is not whole.
        try? await flush()
        let kept = SealedFileForm.wholeChunks(of: offset, size: end)
        try await Self.disk { [file] in
            try file.truncate(to: kept)
            try file.sync()
        }
        return kept
    }

    /// Waits for the disk on a thread that may wait.
    static func disk<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await NIOThreadPool.singleton.runIfActive(body)
    }

    /// Everything the request brings.
    /// - Throws: `RequestRefusal`; `SystemError`; whatever broke the connection.
    nonisolated func receive(
        _ request: Request, from caller: Caller, turn: BlobTurns.Turn, pace: TransferPace
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.collect(request, pace) }
            group.addTask { try await pace.watch(caller) }
            group.addTask { try await turn.watch() }
            group.addTask {
                // Only shutdown or cancellation ends this.
                try? await gracefulShutdown()
                try Task.checkCancellation()
                throw RequestRefusal(
                    .serviceUnavailable, "server_draining", "the server shuts down: try again", isRetryable: true)
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private nonisolated func collect(_ request: Request, _ pace: TransferPace) async throws {
        let expected = request.headers[.contentLength].flatMap { Int64($0) }
        var count: Int64 = 0
        for try await piece in request.body {
            try await take(piece)
            count += Int64(piece.readableBytes)
            pace.move(piece.readableBytes)
        }
        try Task.checkCancellation()
        // An input that is closed from this side, too, ends the body as if it were whole.
        guard expected == nil || expected == count else {
            throw RequestRefusal(.badRequest, "invalid_request", "the body broke off", isRetryable: true)
        }
    }
}
