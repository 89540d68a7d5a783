/// Bounds of call streams (docs/protocol/calls.md).
public enum CallLimits {
    /// Bytes of a frame.
    public static let maxFrame = 16_777_216
    /// Levels of a frame's JSON.
    static let maxDepth = 32
    /// Bytes of what an error or an abortion says.
    static let maxMessage = 1_024
    /// Answers that a subscription takes before it says so again.
    public static let credit = 64
    public static let maxCredit = 65_536
    /// Calls of one side under way on one stream.
    public static let maxCalls = 256
    /// The same, of a device that may call nothing.
    public static let maxCallsOfOthers = 8
    /// Bytes of the frames of calls that are being answered on one stream, and of the answers to one call that wait to be taken.
    public static let maxHeld = 33_554_432
    /// How long a call waits for its answer unless it says otherwise.
    public static let patience = Duration.seconds(30)
}
