import Synchronization

/// How values spread over buckets. Observing is two relaxed atomic additions, after a search of about a dozen bounds.
public final class Histogram: Sendable {
    /// Seconds, from 100 µs: what a request or a commit takes.
    public static let seconds: [Double] = [
        0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5,
    ]
    /// Powers of four: how many there are in a group.
    public static let sizes: [Double] = [1, 4, 16, 64, 256, 1024]

    /// Upper bounds, each inclusive, ascending.
    let bounds: [Double]
    /// In whole units: how many of them make one.
    private let unitsPerOne: Double
    private let limits: [Int]
    private let counts: [Counter]
    private let sum = Atomic<Int>(0)

    /// - Parameter unitsPerOne: what is observed in whole numbers; 1e9 where nanoseconds are observed and seconds shown.
    public init(_ bounds: [Double], unitsPerOne: Double = 1) {
        self.bounds = bounds
        self.unitsPerOne = unitsPerOne
        limits = bounds.map { Int(($0 * unitsPerOne).rounded()) }
        counts = (0...bounds.count).map { _ in Counter() }
    }

    public func observe(_ units: Int) {
        counts[limits.firstIndex { units <= $0 } ?? limits.count].add()
        sum.wrappingAdd(units, ordering: .relaxed)
    }

    public func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
    }

    /// How many were observed.
    public var count: Int { counts.reduce(0) { $0 + $1.value } }

    /// As Prometheus wants it: each bucket with all below it, then sum and count.
    func samples(_ labels: [MetricFamily.Label]) -> [MetricFamily.Sample] {
        var total = 0
        var samples: [MetricFamily.Sample] = []
        for (index, counter) in counts.enumerated() {
            total += counter.value
            let bound = index < bounds.count ? MetricFamily.text(of: bounds[index]) : "+Inf"
            samples.append(
                .init(suffix: "_bucket", labels: labels + [.init("le", bound)], value: Double(total)))
        }
        // The count is that of the buckets above, whatever was observed since.
        samples.append(.init(suffix: "_sum", labels: labels, value: Double(sum.load(ordering: .relaxed)) / unitsPerOne))
        samples.append(.init(suffix: "_count", labels: labels, value: Double(total)))
        return samples
    }
}
