import Foundation
import KinWire

/// The text that the demo streams: a line is a message.
public enum SourceLines {
    /// Every line of this repository's own sources, found from a folder inside it.
    /// - Throws: `no_sources` where no package is found.
    public static func ofRepository(around folder: String, atMost limit: Int) throws -> [String] {
        var candidate = URL(fileURLWithPath: folder).standardizedFileURL
        while true {
            let manifest = candidate.appendingPathComponent("Package.swift").path
            let sources = candidate.appendingPathComponent("Sources").path
            if FileManager.default.fileExists(atPath: manifest), FileManager.default.fileExists(atPath: sources) {
                return try lines(below: sources, atMost: limit)
            }
            guard candidate.path != "/" else { break }
            candidate.deleteLastPathComponent()
        }
        throw KinError(
            "no_sources",
            "no sources around \(folder): run it inside the repository, or name a folder of text with --lines-from DIR",
            category: .notFound)
    }

    /// Every line of the `*.swift` files below a folder; of all its text files where there are none.
    /// - Throws: `no_sources`.
    public static func lines(below folder: String, atMost limit: Int) throws -> [String] {
        let files = try files(below: folder)
        let sources = files.filter { $0.hasSuffix(".swift") }
        var lines: [String] = []
        for file in sources.isEmpty ? files : sources {
            guard lines.count < limit else { break }
            guard let bytes = FileManager.default.contents(atPath: file),
                let text = String(bytes: bytes, encoding: .utf8)
            else { continue }
            lines += text.lines.prefix(limit - lines.count)
        }
        guard !lines.isEmpty else {
            throw KinError(
                "no_sources", "\(folder) holds no text: name a folder of text files with --lines-from DIR",
                category: .notFound)
        }
        return lines
    }

    /// Sorted, so that every run streams the same.
    private static func files(below folder: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
            let names = FileManager.default.enumerator(atPath: folder)
        else {
            throw KinError(
                "no_sources", "\(folder) is no folder: name one with --lines-from DIR", category: .notFound)
        }
        return names.compactMap { $0 as? String }
            .filter { !$0.split(separator: "/").contains { $0.hasPrefix(".") } }
            .map { "\(folder)/\($0)" }
            .filter { FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue }
            .sorted()
    }
}

extension String {
    /// The lines without their ends; nothing follows the last line's end.
    fileprivate var lines: [String] {
        var lines = split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}
