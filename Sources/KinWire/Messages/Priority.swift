/// How urgent a message is: `now` before `next` before `low`.
public enum Priority: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case now, next, low

    public var description: String { rawValue }

    /// 0, 1, 2: the order of delivery, and the form in stores.
    public var rank: Int {
        switch self {
        case .now: 0
        case .next: 1
        case .low: 2
        }
    }

    public init?(rank: Int) {
        guard Self.allCases.indices.contains(rank) else { return nil }
        self = Self.allCases[rank]
    }
}
