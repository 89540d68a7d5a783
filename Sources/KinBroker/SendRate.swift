import KinWire

/// How often a member may send outside a session, where no back-pressure slows it down: a bucket that refills.
struct SendRate {
    /// Sends a second, and how many of them at once.
    struct Limits: Hashable, Sendable {
        var perSecond: Int64 = 100
        var burst: Int64 = 1000
    }

    private struct Bucket {
        /// Thousandths of a send.
        var level: Int64
        var at: Int64
    }

    private let limits: Limits
    private var buckets: [MeshMember: Bucket] = [:]
    /// Beyond this many members the full buckets are forgotten.
    private static let maxBuckets = 10_000

    init(limits: Limits = Limits()) { self.limits = limits }

    /// - Parameter now: milliseconds.
    /// - Returns: nil when the send may go on, else how many milliseconds to wait.
    mutating func take(_ member: MeshMember, now: Int64) -> Int64? {
        let full = limits.burst * 1000
        if buckets.count >= Self.maxBuckets {
            buckets = buckets.filter { $0.value.level + (now - $0.value.at) * limits.perSecond < full }
        }
        var bucket = buckets[member] ?? Bucket(level: full, at: now)
        let passed = min(max(now - bucket.at, 0), 3_600_000)
        bucket.level = min(full, bucket.level + passed * limits.perSecond)
        bucket.at = now
        let isAllowed = bucket.level >= 1000
        if isAllowed { bucket.level -= 1000 }
        buckets[member] = bucket
        return isAllowed ? nil : (1000 - bucket.level + limits.perSecond - 1) / limits.perSecond
    }
}
