import Synchronization

/// The counters and histograms of one process part, in the order in which they were made. The lock is for making and showing them; counting takes none.
public final class MetricRegistry: Sendable {
    private let makers = Mutex<[@Sendable () -> MetricFamily]>([])

    public init() {}

    /// - Parameter name: ends in `_total`.
    public func counter(_ name: String, _ help: String) -> Counter {
        let counter = Counter()
        add { MetricFamily(name, help, .counter, [.init(value: Double(counter.value))]) }
        return counter
    }

    /// - Parameters:
    ///   - name: ends in `_total`.
    ///   - values: of the label; what is none of them counts as `other`.
    public func counters(_ name: String, _ help: String, by label: String, _ values: [String]) -> Counters {
        let counters = Counters(values)
        add {
            MetricFamily(
                name, help, .counter,
                counters.all.map { .init(labels: [.init(label, $0.value)], value: Double($0.counter.value)) })
        }
        return counters
    }

    public func histogram(_ name: String, _ help: String, _ bounds: [Double], unitsPerOne: Double = 1) -> Histogram {
        let histogram = Histogram(bounds, unitsPerOne: unitsPerOne)
        add { MetricFamily(name, help, .histogram, histogram.samples([])) }
        return histogram
    }

    /// A family made up of parts that are kept elsewhere.
    func add(_ maker: @escaping @Sendable () -> MetricFamily) { makers.withLock { $0.append(maker) } }

    /// All of them as they are now.
    public func families() -> [MetricFamily] { makers.withLock { $0 }.map { $0() } }
}
