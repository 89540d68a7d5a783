import Foundation
public import KinIdentity
public import KinWire
import TOMLKit

/// `config.toml`: what the next start should know. Written by `kin up`, edited by people.
public struct DaemonSettings: Hashable, Sendable {
    public var name: DeviceName?
    /// The first is the mesh's broker.
    public var servers: [String]
    /// `[clone] policy`: what to do in a home that was made on another machine.
    public var clonePolicy: ClonePolicy

    static let keys = ["name", "servers", "clone"]
    static let cloneKeys = ["policy"]

    public init(name: DeviceName? = nil, servers: [String] = [], clonePolicy: ClonePolicy = .refuse) {
        self.name = name
        self.servers = servers
        self.clonePolicy = clonePolicy
    }

    /// Reads the file; defaults where there is none.
    /// - Throws: `config_invalid` with the line, and the nearest known key for an unknown one.
    public init(reading state: StateFolder) throws {
        self.init()
        guard let bytes = try StateFolder.read(state.configPath) else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        let invalid = { (line: Int, fault: String) in
            KinError("config_invalid", "\(state.configPath) line \(line): \(fault)", category: .usage)
        }
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw invalid(Int(error.source.begin.line), error.description)
        }
        for key in table.keys where !Self.keys.contains(key) {
            let nearest = Self.nearest(to: key, in: Self.keys)
            throw invalid(Self.line(of: key, in: text), "\(key) is no setting; the nearest is \(nearest)")
        }
        if let value = table["name"] {
            guard let name = value.string.flatMap({ DeviceName($0) }) else {
                throw invalid(Self.line(of: "name", in: text), Self.nameRule)
            }
            self.name = name
        }
        if let value = table["servers"] {
            guard let array = value.array, array.allSatisfy({ $0.string != nil }) else {
                throw invalid(Self.line(of: "servers", in: text), "servers is a list of addresses in quotes")
            }
            servers = array.compactMap(\.string)
        }
        if let value = table["clone"] { clonePolicy = try Self.clonePolicy(value, in: text, invalid) }
    }

    private static func clonePolicy(
        _ value: some TOMLValueConvertible, in text: String, _ invalid: (Int, String) -> KinError
    ) throws -> ClonePolicy {
        guard let clone = value.table else {
            throw invalid(line(of: "clone", in: text), "clone is a table: write [clone] and its settings below it")
        }
        for key in clone.keys where !cloneKeys.contains(key) {
            let nearest = nearest(to: key, in: cloneKeys)
            throw invalid(line(of: key, in: text), "\(key) is no setting of [clone]; the nearest is \(nearest)")
        }
        guard let value = clone["policy"] else { return .refuse }
        guard let policy = value.string.flatMap({ ClonePolicy(rawValue: $0) }) else {
            throw invalid(line(of: "policy", in: text), "policy is \"refuse\", \"warn\" or \"allow\"")
        }
        return policy
    }

    /// What a device's name must be.
    public static let nameRule = "a name is 1 to 63 of a-z 0-9 and -, does not begin with -, and is not all or head"

    public func write(to state: StateFolder) throws {
        let table = TOMLTable()
        if let name { table["name"] = name.description }
        if !servers.isEmpty { table["servers"] = TOMLArray(servers) }
        if clonePolicy != .refuse { table["clone"] = TOMLTable(["policy": clonePolicy.rawValue]) }
        try StateFolder.write(Array((table.convert(to: .toml) + "\n").utf8), to: state.configPath, mode: 0o644)
    }

    /// The line that sets `key`, or opens the table of that name.
    private static func line(of key: String, in text: String) -> Int {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let index = lines.firstIndex { line in
            let name = line.drop { " \t[\"'".contains($0) }
            guard name.hasPrefix(key) else { return false }
            return name.dropFirst(key.count).first.map { " \t]\"'=.".contains($0) } ?? false
        }
        return (index ?? 0) + 1
    }

    private static func nearest(to key: String, in keys: [String]) -> String {
        keys.min { distance(key, $0) < distance(key, $1) } ?? ""
    }

    /// Letters that differ, place by place, and the difference in length: enough to tell two keys apart.
    private static func distance(_ one: String, _ other: String) -> Int {
        zip(one, other).filter { $0 != $1 }.count + abs(one.count - other.count)
    }
}

extension DeviceName {
    /// A name for a machine nobody named: the host's, made to fit.
    static func ofHost(_ hostName: String) -> DeviceName {
        let label = hostName.lowercased().prefix { $0 != "." }
        let letters = label.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let trimmed = String(letters.drop { $0 == "-" }.prefix(63))
        return DeviceName(trimmed) ?? fallback
    }

    private static let fallback: DeviceName = {
        guard let name = DeviceName("device") else { preconditionFailure("a constant that is a name") }
        return name
    }()
}
