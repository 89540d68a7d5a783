/// When a directory looks again, and whether it has to read everything then. A value without a clock of its own.
struct DirectoryLooks: Sendable {
    /// Between looks when nothing happens.
    static let interval = Duration.seconds(15)
    /// The first pause while somebody is connected whose name is not known; each further one is twice as long.
    static let eagerInterval = Duration.milliseconds(500)
    /// How long a relay's word that nothing changed is enough: what was not taken before may be by now, for another clock or another log.
    static let wholeInterval = Duration.seconds(300)

    private var eager = Self.eagerInterval
    private var lastHappening: ContinuousClock.Instant?

    /// Something happened: somebody unknown may be known in a moment.
    /// - Returns: how long to wait for more of it: several things often happen together, and where a crowd comes, for seconds.
    mutating func somethingHappened(at now: ContinuousClock.Instant) -> Duration {
        eager = Self.eagerInterval
        defer { lastHappening = now }
        return lastHappening.map { now - $0 < .seconds(1) } == true ? .milliseconds(250) : .milliseconds(50)
    }

    /// How long to wait now.
    /// - Parameter isSomebodyUnnamed: a member is connected whose record was not seen. It may never be: not everybody registers, and not
    ///   everybody can read.
    mutating func pause(isSomebodyUnnamed: Bool) -> Duration {
        guard isSomebodyUnnamed else { return Self.interval }
        defer { eager = min(eager * 2, Self.interval) }
        return eager
    }
}
