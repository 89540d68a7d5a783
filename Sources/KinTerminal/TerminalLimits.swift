public import KinWire

/// What the terminals of one process may take.
public struct TerminalLimits: Hashable, Sendable {
    /// Terminals whose program runs.
    public var sessions: Int
    /// Newest bytes of output kept for each: at least 64 KiB.
    public var ringBytes: Int
    /// Input taken that the program has not: also the most of one write.
    public var inputBytes: Int
    /// How long a program has to end once it is asked to, before it is killed.
    public var grace: Duration
    /// Terminals that have ended and are still listed.
    public var ended: Int
    /// How long those are listed: milliseconds.
    public var endedLifetime: Int64

    public init(
        sessions: Int = 64, ringBytes: Int = 256 << 10, inputBytes: Int = TerminalInput.maxBytes,
        grace: Duration = .seconds(2),
        ended: Int = 64, endedLifetime: Int64 = 3_600_000
    ) {
        self.sessions = sessions
        self.ringBytes = max(ringBytes, 64 << 10)
        self.inputBytes = inputBytes
        self.grace = grace
        self.ended = ended
        self.endedLifetime = endedLifetime
    }

    /// Output ahead of the slowest who is attached, from which on the program waits. The rest of the ring takes what is left when it ends.
    var window: Int64 { Int64(ringBytes / 2) }
}
