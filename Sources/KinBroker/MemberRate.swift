import KinWire

/// How often each member may do something, over all its sessions and none: a bucket that refills.
struct MemberRate {
    typealias Limits = TokenBucket.Limits

    private let limits: Limits
    private var buckets: [MeshMember: TokenBucket] = [:]
    /// Beyond this many members the full buckets are forgotten.
    private static let maxBuckets = 10_000

    /// - Parameter limits: unless said, of sends outside a session, where no back-pressure slows them down.
    init(limits: Limits = Limits(perSecond: 100, burst: 1000)) { self.limits = limits }

    /// - Parameter now: milliseconds.
    /// - Returns: nil when it may go on, else how many milliseconds to wait.
    mutating func take(_ member: MeshMember, now: Int64) -> Int64? {
        if buckets.count >= Self.maxBuckets { buckets = buckets.filter { !$0.value.isFull(limits, now: now) } }
        return buckets[member, default: TokenBucket(limits, now: now)].take(limits, now: now)
    }
}
