/// How often something may be done: so often a second, and a number of times at once. Pure; a clock that is set back costs nothing.
struct TokenBucket: Hashable, Sendable {
    /// A second, and how many of them at once.
    struct Limits: Hashable, Sendable {
        var perSecond: Int64
        var burst: Int64
    }

    /// Thousandths.
    private var level: Int64
    /// Milliseconds.
    private var at: Int64

    /// Full.
    init(_ limits: Limits, now: Int64) {
        level = limits.burst * 1000
        at = now
    }

    /// - Parameter now: milliseconds.
    /// - Returns: nil when it may be done, else how many milliseconds to wait.
    mutating func take(_ limits: Limits, now: Int64) -> Int64? {
        let passed = min(max(now - at, 0), 3_600_000)
        level = min(limits.burst * 1000, level + passed * limits.perSecond)
        at = now
        guard level >= 1000 else { return (1000 - level + limits.perSecond - 1) / limits.perSecond }
        level -= 1000
        return nil
    }

    /// Whether it is as if nothing had ever been taken.
    func isFull(_ limits: Limits, now: Int64) -> Bool { level + (now - at) * limits.perSecond >= limits.burst * 1000 }
}
