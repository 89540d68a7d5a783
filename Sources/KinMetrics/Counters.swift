/// One counter for each value of a label. The values are fixed when it is made, so that nobody's words ever become one: what is not among them
/// counts as `other`.
public final class Counters: Sendable {
    public static let other = "other"

    /// In the order in which they are shown.
    let all: [(value: String, counter: Counter)]
    private let byValue: [String: Counter]
    private let rest: Counter

    public init(_ values: [String]) {
        let rest = Counter()
        self.rest = rest
        all = values.map { ($0, Counter()) } + [(Self.other, rest)]
        byValue = Dictionary(all.map { ($0.value, $0.counter) }) { first, _ in first }
    }

    /// The counter of a value. It may be kept: on a hot path look it up once.
    public subscript(value: String) -> Counter { byValue[value] ?? rest }

    public subscript(value: some RawRepresentable<String>) -> Counter { self[value.rawValue] }
}
