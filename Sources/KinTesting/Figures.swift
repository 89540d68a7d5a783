/// What a scraper reads, as a test asks for it.
public struct Figures: Sendable {
    private let values: [String: Double]
    /// Every name that has help and a type.
    public let names: Set<String>

    /// - Parameter text: the text form 0.0.4 of Prometheus.
    public init(_ text: String) {
        var values: [String: Double] = [:]
        var names: Set<String> = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.starts(with: ["#", "TYPE"]), words.count == 4 { names.insert(String(words[2])) }
            guard !line.hasPrefix("#"), let space = line.lastIndex(of: " ") else { continue }
            values[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        self.values = values
        self.names = names
    }

    /// - Parameter series: name and labels, as `a_total{code="x"}`; nil where it has no value.
    public subscript(series: String) -> Double? { values[series] }

    public var series: [String] { values.keys.sorted() }
}
