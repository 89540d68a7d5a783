/// What `kin demo` was told.
public struct DemoOptions: Sendable {
    /// Path of the `kin` binary that plays every part.
    public var executable: String
    /// The caller's environment: `PATH`, `HOME` and `LANG` of it reach the parts, `TMPDIR` says where they live.
    public var environment: [String: String]
    /// Each becomes a message.
    public var lines: [String]
    /// How often each of studio, laptop and server is killed.
    public var kills: Int
    /// Chooses the moments of the kills.
    public var seed: UInt64
    /// Leaves the folder with all files behind.
    public var keep: Bool

    public init(
        executable: String, environment: [String: String], lines: [String], kills: Int = 3, seed: UInt64,
        keep: Bool = false
    ) {
        self.executable = executable
        self.environment = environment
        self.lines = lines
        self.kills = kills
        self.seed = seed
        self.keep = keep
    }
}

/// What happens while the demo runs, to be shown.
public enum DemoEvent: Hashable, Sendable {
    /// A step begins, or something is worth a line.
    case step(String)
    case progress(sent: Int, received: Int, total: Int)
    /// Killed when so many messages had been sent.
    case killed(DemoPart, sent: Int)
}
