/// Numbers of bytes as people read them.
enum ByteCount {
    private static let units = ["kB", "MB", "GB", "TB", "PB"]

    /// `0 B`, `999 B`, `1.0 kB`, `524.3 MB`: powers of ten, one digit behind the point.
    static func text(_ bytes: Int64) -> String {
        guard bytes >= 1000 else { return "\(bytes) B" }
        var (tenths, unit) = (bytes / 100, 0)
        while tenths >= 10_000, unit < units.count - 1 {
            tenths /= 1000
            unit += 1
        }
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
