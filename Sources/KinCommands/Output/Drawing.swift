/// An answer as it is drawn for people.
enum Drawing: Hashable, Sendable {
    case table(Table)
    /// Names and values, the values below each other.
    case facts([Fact])
    case lines([String])

    struct Fact: Hashable, Sendable {
        var name: String
        var value: String
        var tone = Tone.plain
    }

    func text(_ style: Style) -> String {
        switch self {
        case .table(let table): table.text(style)
        case .facts(let facts): Self.text(facts, style)
        case .lines(let lines): lines.map { $0 + "\n" }.joined()
        }
    }

    private static func text(_ facts: [Fact], _ style: Style) -> String {
        let width = facts.map(\.name.count).max() ?? 0
        return facts.map { fact in
            let name = fact.name.padded(to: width)
            return style.paint(name, .dim) + "  " + style.paint(fact.value.printable(keepingLines: false), fact.tone)
                + "\n"
        }.joined()
    }
}

/// Rows under headings, as wide as their content.
struct Table: Hashable, Sendable {
    struct Cell: Hashable, Sendable, ExpressibleByStringInterpolation {
        var text: String
        var tone: Tone

        init(_ text: String, _ tone: Tone = .plain) {
            self.text = text.printable(keepingLines: false)
            self.tone = tone
        }

        init(stringLiteral text: String) { self.init(text) }
    }

    var headings: [String]
    var rows: [[Cell]]

    func text(_ style: Style) -> String {
        let cells = [headings.map { Cell($0, .dim) }] + rows
        let widths = headings.indices.map { column in cells.map { $0[column].text.count }.max() ?? 0 }
        return cells.map { row in
            let columns = row.indices.map { column in
                // The last column needs no room behind it.
                let room = column == row.count - 1 ? 0 : widths[column]
                return style.paint(row[column].text, row[column].tone)
                    + String(repeating: " ", count: max(room - row[column].text.count, 0))
            }
            return columns.joined(separator: "  ") + "\n"
        }.joined()
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(width - count, 0)) }
}
