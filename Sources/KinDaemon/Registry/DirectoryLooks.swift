/// When a directory looks again, and whether it has to read everything then. A value without a clock of its own.
struct DirectoryLooks: Sendable {
    /// Between looks when nothing happens.
    static let interval = Duration.seconds(15)
    /// The first pause while somebody is connected whose name is not known; each further one is twice as long.
    static let eagerInterval = Duration.milliseconds(500)
    /// How long a relay's word that nothing changed is enough: what was not taken before may be by now, for another clock or another log.
    static let wholeInterval = Duration.seconds(300)

    private var eager = Self.eagerInterval

    /// Something happened: somebody unknown may be known in a moment.
    mutating func somethingHappened() { eager = Self.eagerInterval }

    /// How long to wait now.
    /// - Parameter isSomebodyUnnamed: a member is connected whose record was not seen. It may never be: not everybody registers, and not
    ///   everybody can read.
    mutating func pause(isSomebodyUnnamed: Bool) -> Duration {
        guard isSomebodyUnnamed else { return Self.interval }
        defer { eager = min(eager * 2, Self.interval) }
        return eager
    }
}
