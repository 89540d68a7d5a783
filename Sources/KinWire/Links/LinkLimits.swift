/// Bounds of links (docs/protocol/links.md). Bytes and milliseconds.
public enum LinkLimits {
    /// Of a frame of whatever runs on a link.
    public static let maxFrame = 16 << 20
    /// Of a transport message before it is sealed, its first byte included.
    public static let maxRecord = 65_519
    /// Sent and not acknowledged: what a side keeps so that a cut loses nothing.
    public static let window: Int64 = 1 << 20
    /// The same in messages, so that many short ones do not take many times their bytes.
    public static let windowRecords = 4096
    /// How much a side takes in before it must acknowledge: a quarter of the window.
    public static let acknowledgeAfter: Int64 = window / 4
    public static let acknowledgeAfterRecords = windowRecords / 4
    /// How many messages of one direction go under one key.
    public static let rekeyAfter: UInt64 = 1 << 16
    /// How long a cut link can be continued: 30 s.
    public static let resumeWithin: Int64 = 30_000
    /// How far the clocks of two devices may be apart: 60 s.
    public static let maxSkew: Int64 = 60_000
}
