import KinWire
import TOMLKit

/// One table of a configuration file. Whatever it does not expect is an error that names the line.
struct SettingsTable {
    private let table: TOMLTable
    private let text: String
    private let path: String
    /// nil for the file itself.
    private let name: String?

    /// - Throws: `config_invalid`.
    init(_ text: String, path: String) throws {
        self.text = text
        self.path = path
        name = nil
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw Self.invalid(path, Int(error.source.begin.line), error.description)
        }
    }

    private init(_ table: TOMLTable, name: String, in parent: SettingsTable) {
        self.table = table
        self.name = name
        text = parent.text
        path = parent.path
    }

    /// Refuses settings that are none, naming the nearest that is one.
    func expect(_ known: [String]) throws {
        for key in table.keys where !known.contains(key) {
            let place = name.map { " of [\($0)]" } ?? ""
            throw invalid(key, "\(key) is no setting\(place); the nearest is \(Self.nearest(to: key, in: known))")
        }
    }

    func value<T>(_ key: String, _ expectation: String, _ read: (String) -> T?) throws -> T? {
        guard let value = table[key] else { return nil }
        guard let read = value.string.flatMap(read) else { throw invalid(key, "\(key) is \(expectation)") }
        return read
    }

    func integer(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let value = table[key] else { return nil }
        guard let number = value.int, range.contains(number) else {
            throw invalid(key, "\(key) is a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func bool(_ key: String) throws -> Bool? {
        guard let value = table[key] else { return nil }
        guard let flag = value.bool else { throw invalid(key, "\(key) is true or false") }
        return flag
    }

    func strings(_ key: String, _ expectation: String) throws -> [String]? {
        guard let value = table[key] else { return nil }
        guard let array = value.array, array.allSatisfy({ $0.string != nil }) else {
            throw invalid(key, "\(key) is \(expectation)")
        }
        return array.compactMap(\.string)
    }

    /// The table of that name, with only settings that are known; nil where there is none.
    func table(_ key: String, _ known: [String]) throws -> SettingsTable? {
        guard let value = table[key] else { return nil }
        guard let inner = value.table else {
            throw invalid(key, "\(key) is a table: write [\(key)] and its settings below it")
        }
        let table = SettingsTable(inner, name: key, in: self)
        try table.expect(known)
        return table
    }

    /// What is wrong with a setting that was read.
    func invalid(_ key: String, _ fault: String) -> KinError { Self.invalid(path, line(of: key), fault) }

    private static func invalid(_ path: String, _ line: Int, _ fault: String) -> KinError {
        KinError("config_invalid", "\(path) line \(line): \(fault)", category: .usage)
    }

    /// What is wrong with one text of a list that was read.
    func invalid(_ key: String, item: String, _ fault: String) -> KinError {
        let first = line(of: key)
        let lines = SettingsText(text).lines
        let found = lines.indices.dropFirst(first - 1).first { index in
            ["\"\(item)\"", "'\(item)'"].contains { lines[index].contains($0) }
        }
        return Self.invalid(path, found.map { $0 + 1 } ?? first, fault)
    }

    /// The line that sets `key`, or opens the table of that name.
    private func line(of key: String) -> Int {
        let index = SettingsText(text).lines.firstIndex { SettingsText.sets($0, key) }
        return (index ?? 0) + 1
    }

    static func nearest(to key: String, in keys: [String]) -> String {
        keys.min { distance(key, $0) < distance(key, $1) } ?? ""
    }

    /// Letters that differ, place by place, and the difference in length: enough to tell two keys apart.
    private static func distance(_ one: String, _ other: String) -> Int {
        zip(one, other).filter { $0 != $1 }.count + abs(one.count - other.count)
    }
}
