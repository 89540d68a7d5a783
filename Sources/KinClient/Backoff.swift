/// Waits between attempts: the first, then doubling up to the longest, each with up to a quarter more by chance.
public struct Backoff: Sendable {
    private let first: Duration
    private let longest: Duration
    private var next: Duration

    /// Reconnecting to a server: 0.25 s doubling to 4 s.
    public init(first: Duration = .milliseconds(250), longest: Duration = .seconds(4)) {
        self.first = first
        self.longest = longest
        next = first
    }

    /// How long to wait now.
    public mutating func delay() -> Duration {
        defer { next = min(next * 2, longest) }
        return next * Double.random(in: 1...1.25)
    }

    /// An attempt succeeded.
    public mutating func reset() { next = first }
}
