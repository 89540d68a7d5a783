import Foundation
import KinCrypto
import KinEncoding
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Remembers in which folders parts of files may lie, so that what was abandoned is found again.
///
/// A file of paths, each with a zero behind it: no name holds one. Losing it costs a part that stays.
final class PartLedger: Sendable {
    /// Folders; the oldest are forgotten.
    private static let maxFolders = 1000
    private static let maxBytes = maxFolders * (RequestedPath.maxBytes + 1)

    private let file: String?
    private let folders: Mutex<[String]>

    init(file: String?) {
        self.file = file
        folders = Mutex(file.map(Self.read) ?? [])
    }

    var all: [String] { folders.withLock { $0 } }

    /// - Parameter path: of a file that is being written.
    func note(folderOf path: String) {
        let folder = Self.folder(of: path)
        folders.withLock { folders in
            guard !folders.contains(folder) else { return }
            folders.append(folder)
            if folders.count > Self.maxFolders { folders.removeFirst(folders.count - Self.maxFolders) }
            write(folders)
        }
    }

    func forget(_ gone: Set<String>) {
        guard !gone.isEmpty else { return }
        folders.withLock { folders in
            folders.removeAll { gone.contains($0) }
            write(folders)
        }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "~" }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }

    private static func read(_ file: String) -> [String] {
        guard let data = FileManager.default.contents(atPath: file), data.count <= maxBytes else { return [] }
        return data.split(separator: 0).compactMap { String(validating: $0, as: UTF8.self) }
    }

    private func write(_ folders: [String]) {
        guard let file else { return }
        let bytes = Array(folders.map { Array($0.utf8) + [0] }.joined())
        let temporary = "\(file).\(Hex.encode(Random.bytes(6))).tmp"
        let number = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard number >= 0 else { return }
        let written = bytes.withUnsafeBytes { Foundation.write(number, $0.baseAddress, $0.count) }
        close(number)
        if written != bytes.count || rename(temporary, file) != 0 { unlink(temporary) }
    }
}
