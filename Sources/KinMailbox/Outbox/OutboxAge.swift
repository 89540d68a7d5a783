/// How long a message is sent for: safely inside the window in which the broker recognises a repeat.
public struct OutboxAge: Hashable, Sendable {
    /// Unless configured otherwise.
    public static let defaultHours: Int64 = 168
    /// With a broker's 30 days it stays below the 45 days after which recipients refuse a message.
    public static let longestHours: Int64 = 360
    private static let hour: Int64 = 3_600_000

    /// `[outbox] max_age_hours`.
    public var configuredHours: Int64?
    /// `[outbox] accept_duplicates_after_window`.
    public var acceptsDuplicates: Bool

    public init(configuredHours: Int64? = nil, acceptsDuplicates: Bool = false) {
        self.configuredHours = configuredHours
        self.acceptsDuplicates = acceptsDuplicates
    }

    /// Milliseconds: the smaller of what is configured and the window less a margin of 4 %, at least an hour.
    /// - Parameter window: hours a broker remembers an id; nil: for ever.
    /// - Returns: nil where more than the window is configured, and duplicates are not accepted.
    public func milliseconds(window: Int64?) -> Int64? {
        let configured = (configuredHours ?? Self.defaultHours) * Self.hour
        guard let window else { return configured }
        if let configuredHours, configuredHours > window { return acceptsDuplicates ? configured : nil }
        let length = min(window, Self.longestHours * 2) * Self.hour
        return min(configured, length - max(Self.hour, length / 25))
    }
}
