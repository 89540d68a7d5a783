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
    /// How long a call waits for its answer unless it says otherwise.
    public static let patience = Duration.seconds(30)
}
