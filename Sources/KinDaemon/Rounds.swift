/// Looks again and again for what is due: when something may be, and once a second.
struct Rounds: Sendable {
    private let wishes: AsyncStream<Void>
    private let wish: AsyncStream<Void>.Continuation

    init() { (wishes, wish) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Something may be due.
    func look() { wish.yield() }

    /// Until cancelled.
    func run(_ begin: () -> Void) async {
        let ticker = Task { [wish] in
            while !Task.isCancelled {
                wish.yield()
                try? await Task.sleep(for: .seconds(1))
            }
        }
        for await _ in wishes { begin() }
        ticker.cancel()
    }
}
