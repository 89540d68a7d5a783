import KinClient
import KinLink
import KinWire

/// How often a link was cut, and whether it came forward in between: a carrier that cuts each connection at once must not keep two devices at
/// it for ever. A value without a clock of its own.
struct CutHistory: Sendable {
    /// For so long connections may follow each other on which nothing comes over; milliseconds.
    static let patience: Int64 = LinkLimits.resumeWithin
    /// A connection that lasted so long was no attempt; milliseconds.
    private static let steady: Int64 = 2_000

    private var backoff = Backoff(first: .milliseconds(50), longest: .seconds(2))
    private var progress: Int64
    /// When it last came forward, or began to be cut, milliseconds.
    private var since: Int64
    /// When the connection it is on began.
    private var connected: Int64

    /// - Parameter now: milliseconds.
    init(at now: Int64) {
        (progress, since, connected) = (-1, now, now)
    }

    /// The link goes on over another connection.
    mutating func resumed(at now: Int64) { connected = now }

    /// - Parameter bySilence: the connection stood and brought nothing over: however long it lasted, it was an attempt.
    /// - Returns: how long to wait before the link is continued; nil: it is not worth it any more.
    mutating func cut(_ rest: CutLink, bySilence: Bool, at now: Int64) -> Duration? {
        let lasted = now - connected
        if rest.progress > progress || lasted >= Self.patience && !bySilence {
            (progress, since) = (rest.progress, now)
        }
        guard now - since <= Self.patience else { return nil }
        guard lasted < Self.steady else {
            backoff.reset()
            return .zero
        }
        return backoff.delay()
    }
}
