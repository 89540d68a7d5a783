import Foundation

/// Looks for what a blind server must not hold in everything it wrote.
struct BlindnessCheck: Sendable {
    /// Texts no file may contain.
    let secrets: [String]

    /// - Parameter paths: files, and folders with all below them.
    /// - Returns: `<secret> in <file>` for each find.
    func finds(in paths: [String]) -> [String] {
        files(paths).flatMap { path in
            // A file may go while it is looked at: SQLite removes its journals.
            guard let content = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) else {
                return [String]()
            }
            return secrets.filter { content.range(of: Data($0.utf8)) != nil }.map { "\($0) in \(path)" }
        }
    }

    private func files(_ paths: [String]) -> [String] {
        paths.flatMap { path in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
                return [path]
            }
            return (FileManager.default.subpaths(atPath: path) ?? []).map { "\(path)/\($0)" }
        }
    }
}
