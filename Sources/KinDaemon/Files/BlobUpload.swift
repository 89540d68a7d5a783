import KinClient
import KinWire

/// Brings one sealed file to the server, from wherever it got to.
struct BlobUpload: Sendable {
    /// Sealed chunks of one request: 16 MiB, each synced to the server's disk.
    static let requestChunks: Int64 = 256

    let client: BlobClient
    let metrics: DaemonMetrics

    /// - Parameters:
    ///   - reached: told how far the server is, in sealed bytes and in plaintext, whenever it says so.
    ///   - sent: told of sealed bytes on their way.
    /// - Returns: its state once it is whole.
    func run(
        _ creation: BlobCreation, _ reading: FileReading,
        reached: (_ offset: Int64, _ plain: Int64) -> Void = { _, _ in },
        sent: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> BlobState {
        let form = reading.form
        var state = try await client.create(creation)
        while true {
            guard state.size == form.sealedSize, let next = form.chunk(atSealedOffset: state.offset) else {
                throw KinError(
                    "server_answer", "the server says the file ends where no chunk does", category: .unreachable,
                    retryable: true)
            }
            reached(state.offset, form.plainOffset(ofChunk: next))
            try await reading.skip(to: next)
            guard next < form.chunks else { return state }
            state = try await append(reading, from: next, state, sent)
        }
    }

    private func append(
        _ reading: FileReading, from next: Int64, _ state: BlobState, _ sent: @escaping @Sendable (Int) -> Void
    ) async throws -> BlobState {
        let form = reading.form
        let end = min(next + Self.requestChunks, form.chunks)
        let endOffset = end == form.chunks ? form.sealedSize : SealedFileForm.sealedOffset(ofChunk: end)
        let count = endOffset - state.offset
        let body = reading.body(before: end, sent: sent)
        let answer = try await client.append(body, count: count, to: state.blob, at: state.offset)
        guard answer.offset == endOffset else {
            throw KinError(
                "server_answer", "the server did not keep all that was sent", category: .unreachable, retryable: true)
        }
        metrics.fileBytes["out"].add(Int(count))
        var state = state
        state.offset = answer.offset
        state.expiresAt = answer.expiresAt
        return state
    }
}
