import Foundation

/// The files of this repository.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The folders under `Sources/`, each of which should be a target.
    static func targets() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path)
            .filter { !$0.hasPrefix(".") }.sorted()
    }

    /// The Swift files of one target.
    static func sources(of target: String) throws -> [SourceFile] {
        let folder = root.appending(path: "Sources/\(target)")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
        return try paths.sorted().map { path in
            SourceFile(
                path: "Sources/\(target)/\(path)", target: target,
                text: try String(contentsOf: folder.appending(path: path), encoding: .utf8))
        }
    }

    static func everySource() throws -> [SourceFile] { try targets().flatMap { try sources(of: $0) } }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}

/// One file, by lines.
struct SourceFile {
    var path: String
    var target: String
    var lines: [Substring]

    init(path: String, target: String, text: String) {
        self.path = path
        self.target = target
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// As an editor finds it.
    func place(_ index: Int) -> String { "\(path):\(index + 1)" }
}

extension Substring {
    func holds(_ text: String) -> Bool { utf8.firstRange(of: text.utf8) != nil }
}
