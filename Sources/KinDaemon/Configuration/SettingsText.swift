/// A configuration file as a person wrote it, with its comments: settings are changed in their place.
struct SettingsText {
    private(set) var lines: [String]

    init(_ text: String) {
        // By bytes: a CRLF is one character, and its CR stays with its line.
        lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        if lines.last == "" { lines.removeLast() }
    }

    var text: String { lines.map { $0 + "\n" }.joined() }

    /// Whether a line sets `key`, or opens the table of that name.
    static func sets(_ line: some StringProtocol, _ key: String) -> Bool {
        let name = line.drop { " \t[\"'".contains($0) }
        guard name.hasPrefix(key) else { return false }
        return name.dropFirst(key.count).first.map { " \t]\"'=.".contains($0) } ?? false
    }

    /// Takes a setting away that stands before the first table.
    mutating func remove(_ key: String) {
        guard let first = place(of: key) else { return }
        lines.removeSubrange(first...lastLine(from: first))
    }

    /// Writes a setting that stands before the first table: in the place of the old one, else at the top.
    mutating func set(_ key: String, to value: String) {
        guard let first = place(of: key) else { return lines.insert("\(key) = \(value)", at: 0) }
        lines.replaceSubrange(first...lastLine(from: first), with: ["\(key) = \(value)"])
    }

    private func place(of key: String) -> Int? {
        let end = lines.firstIndex { $0.drop { " \t".contains($0) }.first == "[" } ?? lines.count
        return lines[..<end].firstIndex { Self.sets($0, key) }
    }

    /// A list may go on over several lines.
    private func lastLine(from first: Int) -> Int {
        var depth = 0
        for index in first..<lines.count {
            depth += lines[index].filter { $0 == "[" }.count - lines[index].filter { $0 == "]" }.count
            if depth <= 0 { return index }
        }
        return first
    }
}
