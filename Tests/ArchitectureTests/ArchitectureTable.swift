/// A row of the table in docs/architecture.md.
struct ArchitectureTable {
    var target: String
    var holds: String
    var forbidden: String

    static func read() throws -> [ArchitectureTable] {
        try Repository.text("docs/architecture.md").split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmed }
            guard cells.count == 5, let name = cells[1].wholeMatch(of: /`(\w+)`/)?.1 else { return nil }
            return ArchitectureTable(target: String(name), holds: cells[2], forbidden: cells[3])
        }
    }
}

extension Substring {
    var trimmed: String {
        var text = self.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
