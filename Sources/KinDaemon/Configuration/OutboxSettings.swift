public import KinMailbox
public import KinWire

/// `[outbox]` of `config.toml`.
public struct OutboxSettings: Hashable, Sendable {
    /// `max_age_hours` and `accept_duplicates_after_window`.
    public private(set) var age = OutboxAge()
    /// `max_bytes`: of the contents that wait.
    public private(set) var maxBytes = OutboxUsage.defaultLimit

    /// What to say where a broker's window is shorter than `max_age_hours`.
    private var ageFault: KinError?

    static let keys = ["max_age_hours", "max_bytes", "accept_duplicates_after_window"]
    /// Room for a few of the largest messages: 1 MiB; 1 TiB.
    private static let bytes = (1 << 20)...(1 << 40)

    public init() {}

    init(_ table: SettingsTable) throws {
        age = OutboxAge(
            configuredHours: try table.integer("max_age_hours", 1...Int(OutboxAge.longestHours)).map(Int64.init),
            acceptsDuplicates: try table.bool("accept_duplicates_after_window") ?? false)
        maxBytes = Int64(try table.integer("max_bytes", Self.bytes) ?? Int(maxBytes))
        ageFault = table.invalid(
            "max_age_hours",
            "max_age_hours is longer than the broker recognises a repeat, so a message could arrive twice: lower it, or set accept_duplicates_after_window = true"
        )
    }

    /// What is set, wherever it stands in the file.
    public static func == (one: OutboxSettings, other: OutboxSettings) -> Bool {
        one.age == other.age && one.maxBytes == other.maxBytes
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(age)
        hasher.combine(maxBytes)
    }

    /// Why messages cannot be sent by a broker that recognises a repeat for so many hours (nil: for ever); nil where they can.
    public func refusal(window: Int64?) -> KinError? {
        guard let window, age.milliseconds(window: window) == nil, var fault = ageFault else { return nil }
        fault.message += " (the broker's window is \(window) h)"
        return fault
    }
}

/// `[inbox]` and `[capabilities]` of `config.toml`.
public struct InboxSettings: Hashable, Sendable {
    /// `[inbox] max_age_days`: how long a received message is kept.
    public var maxAgeDays = 30
    /// `[capabilities] inbox_fts`: whether the inbox can be searched.
    public var isIndexed = false

    public init() {}
}
