import Foundation

/// One import, and where it stands.
struct Import: Hashable {
    var target: String
    var module: String
    var place: String
}

extension SourceFile {
    /// Every import, however it is written: with an access level, an attribute, or of a single symbol.
    var imports: [Import] {
        lines.enumerated().compactMap { index, line in
            Self.module(in: line).map { Import(target: target, module: $0, place: place(index)) }
        }
    }

    private static func module(in line: Substring) -> String? {
        // Most lines hold no import, and the pattern is slow.
        guard line.holds("import ") else { return nil }
        let pattern =
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+)/
        return line.firstMatch(of: pattern).map { String($0.1) }
    }
}

/// The targets and what each is built from, as the package manager tells.
struct PackageGraph: Decodable {
    struct Target: Decodable {
        var name: String
        var type: String
        var path: String
        var targetDependencies: [String]?
        var productDependencies: [String]?

        enum CodingKeys: String, CodingKey {
            case name, type, path
            case targetDependencies = "target_dependencies"
            case productDependencies = "product_dependencies"
        }
    }

    var targets: [Target]

    /// Asks the package manager, with a scratch folder of its own: the build that runs this test holds the lock of the usual one.
    static func described() throws -> PackageGraph {
        let scratch = FileManager.default.temporaryDirectory.appending(path: "describe-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["swift", "package", "--scratch-path", scratch.path, "describe", "--type", "json"]
        process.currentDirectoryURL = Repository.root
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try JSONDecoder().decode(PackageGraph.self, from: bytes)
    }

    /// Everything that `target` is built from, directly or not, each with the way there.
    func reach(of target: String) -> [String: [String]] {
        var ways: [String: [String]] = [:]
        var open = [[target]]
        while let way = open.popLast() {
            guard let last = way.last, let node = targets.first(where: { $0.name == last }) else { continue }
            for next in (node.targetDependencies ?? []) + (node.productDependencies ?? []) where ways[next] == nil {
                ways[next] = way + [next]
                open.append(way + [next])
            }
        }
        return ways
    }
}
