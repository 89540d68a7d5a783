/// Lets one waiter sleep until something happens or its time is over. What happens while nobody waits counts once.
struct Happenings: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func happened() { continuation.yield() }

    /// - Returns: whether something happened before the time was over.
    func next(within time: Duration) async -> Bool {
        let began = ContinuousClock.now
        // A wait for the stream that is cancelled ends the stream for good: so the end of the time is one of its happenings.
        let timer = Task { [continuation] in
            try await Task.sleep(for: time)
            continuation.yield()
        }
        defer { timer.cancel() }
        var iterator = stream.makeAsyncIterator()
        _ = await iterator.next()
        return ContinuousClock.now - began < time
    }
}
