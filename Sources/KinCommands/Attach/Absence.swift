import KinClient

/// How long a terminal has been out of reach, and when it is looked for again.
struct Absence {
    /// What this machine sleeps does not count.
    private let deadline: SuspendingClock.Instant
    private var backoff = Backoff()

    /// - Parameter patience: how long it is looked for.
    init(patience: Duration) { deadline = .now + patience }

    /// How long to wait before it is looked for again; nil once it has been away for too long.
    mutating func pause() -> Duration? {
        let rest = SuspendingClock.now.duration(to: deadline)
        return rest > .zero ? min(backoff.delay(), rest) : nil
    }
}
