import KinEncoding

/// How many characters a terminal shows: 1 to 1,000 each way.
public struct TerminalSize: Hashable, Sendable {
    public static let usual = TerminalSize(uncheckedColumns: 80, rows: 24)
    public static let largest = 1000

    public let columns: Int
    public let rows: Int

    /// nil outside the bounds.
    public init?(columns: Int, rows: Int) {
        guard (1...Self.largest).contains(columns), (1...Self.largest).contains(rows) else { return nil }
        self.init(uncheckedColumns: columns, rows: rows)
    }

    private init(uncheckedColumns columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    /// Another of the same width, so that a program that is told of both draws itself again.
    package var neighbour: TerminalSize { TerminalSize(uncheckedColumns: columns, rows: rows > 1 ? rows - 1 : 2) }

    init(_ fields: inout Fields) throws(WireError) {
        let bound = Int64(Self.largest)
        self.init(
            uncheckedColumns: Int(try fields.integer("columns", from: 1, to: bound)),
            rows: Int(try fields.integer("rows", from: 1, to: bound)))
    }

    /// nil where neither is said.
    static func optional(_ fields: inout Fields) throws(WireError) -> TerminalSize? {
        fields.has("columns") || fields.has("rows") ? try TerminalSize(&fields) : nil
    }

    var members: [String: JSON] { ["columns": .integer(Int64(columns)), "rows": .integer(Int64(rows))] }
}
