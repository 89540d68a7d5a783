import ArgumentParser

/// A length of time as it is typed: `90s`, `10m`, `1h30m`, `2d`, `1w`, `500ms`.
struct TimeSpan: Hashable, Sendable {
    let milliseconds: Int64

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000),
    ]

    /// - Returns: nil for anything else, for nothing, and for what does not fit.
    init?(_ text: String) {
        var rest = text[...]
        var total: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            let letters = rest.dropFirst(digits.count).prefix { $0.isLetter }
            guard let number = Int64(digits), let unit = Self.units.first(where: { $0.name == letters }) else {
                return nil
            }
            let (product, overflows) = number.multipliedReportingOverflow(by: unit.milliseconds)
            let (sum, overflowsToo) = total.addingReportingOverflow(product)
            guard !overflows, !overflowsToo else { return nil }
            total = sum
            rest = rest.dropFirst(digits.count + letters.count)
        }
        guard total > 0 else { return nil }
        milliseconds = total
    }

    /// For options.
    static func parse(_ text: String) throws -> TimeSpan {
        guard let span = TimeSpan(text) else {
            throw ValidationError("a time is a number and a unit, as in 90s, 10m, 1h30m or 2d")
        }
        return span
    }
}
