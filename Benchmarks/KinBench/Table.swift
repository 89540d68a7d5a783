import Foundation

/// The rows of docs/benchmarks.md. Ratios are what to quote: all rows of one run share the machine and its mood.
enum Table {
    static func header(_ title: String) {
        let head = "\n### \(title)\n\n| | per second | p50 | p99 | beside |\n| --- | --- | --- | --- | --- |\n"
        FileHandle.standardOutput.write(Data(head.utf8))
    }

    /// - Parameter ratio: what is compared, with what, and the other's name.
    static func row(
        _ what: String, _ samples: Samples, _ ratio: (mine: Samples, other: Samples, name: String)? = nil,
        note: String? = nil
    ) {
        let beside = ratio.map { String(format: "%.2f × %@", $0.mine.perSecond / $0.other.perSecond, $0.name) }
        line(
            what, perSecond: samples.perSecond, p50: samples.quantile(0.5), p99: samples.quantile(0.99),
            [beside, note].compactMap { $0 }.joined(separator: "; "))
    }

    /// Times in seconds.
    static func line(
        _ what: String, perSecond: Double? = nil, p50: Double? = nil, p99: Double? = nil, _ beside: String = ""
    ) {
        let rate = perSecond.map { String(Int($0)) } ?? ""
        FileHandle.standardOutput.write(
            Data("| \(what) | \(rate) | \(p50.map(time) ?? "") | \(p99.map(time) ?? "") | \(beside) |\n".utf8))
    }

    private static func time(_ seconds: Double) -> String {
        seconds < 0.001 ? String(format: "%.0f µs", seconds * 1e6) : String(format: "%.2f ms", seconds * 1000)
    }
}
