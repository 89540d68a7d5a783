import KinTerminal

/// `[terminals]` of `config.toml`.
public struct TerminalSettings: Hashable, Sendable {
    /// Terminals that may be open at once; 0: none.
    public var maxOpen = 64
    /// Newest bytes of output that are kept of each.
    public var outputBytes = 256 << 10

    static let keys = ["max_open", "output_bytes"]

    public init() {}

    init(_ table: SettingsTable) throws {
        maxOpen = try table.integer("max_open", 0...64) ?? maxOpen
        outputBytes = try table.integer("output_bytes", (64 << 10)...(4 << 20)) ?? outputBytes
    }

    /// The grace leaves a daemon time to end within the 5 seconds that it has.
    var limits: TerminalLimits {
        TerminalLimits(sessions: maxOpen, ringBytes: outputBytes, grace: .milliseconds(1500))
    }
}
