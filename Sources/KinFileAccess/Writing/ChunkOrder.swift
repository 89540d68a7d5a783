import KinWire

/// Lets the chunks of a part wait for those before them: several are under way at once, and a part has no holes.
actor ChunkOrder {
    private struct Waiter {
        let token: String
        let offset: Int64
        let continuation: CheckedContinuation<Void, Never>
        let timer: Task<Void, Never>
    }

    /// Chunks that wait: with `RootedFiles.maxPiece` the memory they take.
    private static let maxWaiting = 64
    private static let maxParts = 1024

    static let early = KinError(
        "chunk_early", "the bytes before these did not come: ask where to go on", category: .conflict, retryable: true)

    /// How long a chunk waits.
    private let patience: Duration
    private var ends: [String: Int64] = [:]
    private var waiters: [Int: Waiter] = [:]
    private var number = 0

    init(patience: Duration) { self.patience = patience }

    func begin(_ token: String, at offset: Int64) {
        // What is forgotten here is asked of the disk again.
        if ends.count >= Self.maxParts { ends.removeAll() }
        ends[token] = offset
    }

    func reached(_ token: String, _ end: Int64) {
        ends[token] = max(ends[token] ?? 0, end)
        for (number, waiter) in waiters where waiter.token == token && waiter.offset <= end { release(number) }
    }

    func end(_ token: String) {
        ends[token] = nil
        for (number, waiter) in waiters where waiter.token == token { release(number) }
    }

    /// Returns when the bytes before `offset` are there, when the patience is over, or when the task is cancelled.
    /// - Throws: `writes_waiting` where too many wait.
    func wait(for offset: Int64, of token: String) async throws(KinError) {
        guard ends[token] ?? 0 < offset else { return }
        guard waiters.count < Self.maxWaiting else {
            throw KinError(
                "writes_waiting", "too many chunks wait for those before them: send fewer at once", category: .busy,
                retryable: true)
        }
        number += 1
        let own = number
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let timer = Task { [patience, weak self] in
                    try? await Task.sleep(for: patience)
                    await self?.release(own)
                }
                waiters[own] = Waiter(token: token, offset: offset, continuation: continuation, timer: timer)
                if Task.isCancelled { release(own) }
            }
        } onCancel: {
            Task { await self.release(own) }
        }
    }

    private func release(_ number: Int) {
        guard let waiter = waiters.removeValue(forKey: number) else { return }
        waiter.timer.cancel()
        waiter.continuation.resume()
    }
}
