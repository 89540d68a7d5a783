/// All samples of one name, as they are at one moment.
public struct MetricFamily: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable { case counter, gauge, histogram }

    public struct Label: Hashable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public struct Sample: Hashable, Sendable {
        /// Behind the family's name; of histograms.
        public var suffix: String
        public var labels: [Label]
        public var value: Double

        public init(suffix: String = "", labels: [Label] = [], value: Double) {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    public var name: String
    public var help: String
    public var kind: Kind
    public var samples: [Sample]

    public init(_ name: String, _ help: String, _ kind: Kind, _ samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A figure read now.
    /// - Parameter value: nil where it is not known: the name is shown without one.
    public static func gauge(_ name: String, _ help: String, _ value: Double?) -> MetricFamily {
        MetricFamily(name, help, .gauge, value.map { [Sample(value: $0)] } ?? [])
    }

    public static func gauge(_ name: String, _ help: String, _ value: Int?) -> MetricFamily {
        gauge(name, help, value.map { Double($0) })
    }

    /// Figures read now, one for each value of a label; those that are nil are left out.
    public static func gauge(
        _ name: String, _ help: String, by label: String, _ values: KeyValuePairs<String, Double?>
    ) -> MetricFamily {
        let samples = values.compactMap { key, value in
            value.map { Sample(labels: [Label(label, key)], value: $0) }
        }
        return MetricFamily(name, help, .gauge, samples)
    }
}
