import KinWire

/// How often a member may send outside a session, where no back-pressure slows it down: a bucket that refills.
struct SendRate {
    typealias Limits = TokenBucket.Limits

    private let limits: Limits
    private var buckets: [MeshMember: TokenBucket] = [:]
    /// Beyond this many members the full buckets are forgotten.
    private static let maxBuckets = 10_000

    init(limits: Limits = Limits(perSecond: 100, burst: 1000)) { self.limits = limits }

    /// - Parameter now: milliseconds.
    /// - Returns: nil when the send may go on, else how many milliseconds to wait.
    mutating func take(_ member: MeshMember, now: Int64) -> Int64? {
        if buckets.count >= Self.maxBuckets { buckets = buckets.filter { !$0.value.isFull(limits, now: now) } }
        return buckets[member, default: TokenBucket(limits, now: now)].take(limits, now: now)
    }
}
