import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A database that is not open, as its files: the file itself, its log (`-wal`) and the log's index (`-shm`), which belong together by their names.
public struct DatabaseFiles: Sendable {
    /// The log first: without its file it is found again by whoever goes on, while a file that lost its log cannot be told from one that had none.
    private static let suffixes = ["-wal", "-shm", ""]

    public let path: String

    public init(_ path: String) { self.path = path }

    public var exist: Bool { Self.suffixes.contains { Self.exists(path + $0) } }

    /// Gives them another name, each that is there, and syncs the folder. Begun before and cut off, it is finished.
    /// - Parameter renamed: called after each.
    /// - Throws: `StoreError`; also where a file of the new name is there, for none is ever replaced.
    public func move(to other: String, renamed: () throws -> Void = {}) throws {
        for suffix in Self.suffixes where Self.exists(path + suffix) {
            guard !Self.exists(other + suffix) else {
                throw StoreError(.unavailable, "\(other + suffix) is in the way: move it elsewhere")
            }
            try Self.rename(path + suffix, to: other + suffix)
            try renamed()
        }
        try syncFolder()
    }

    /// Deletes them: for a copy that was begun and not finished.
    public func remove() throws {
        for suffix in Self.suffixes where unlink(path + suffix) != 0 && errno != ENOENT {
            throw Self.unavailable(path + suffix)
        }
    }

    /// Takes the log and its index away from a database that was closed in order, which has left nothing in them.
    /// - Throws: `StoreError` where something is.
    public func becomeOneFile() throws {
        var status = stat()
        guard stat(path + "-wal", &status) != 0 || status.st_size == 0 else {
            throw StoreError(.failed, "\(path) was not closed in order")
        }
        for suffix in Self.suffixes.dropLast() where unlink(path + suffix) != 0 && errno != ENOENT {
            throw Self.unavailable(path + suffix)
        }
    }

    public func syncFolder() throws {
        let folder = (path as NSString).deletingLastPathComponent
        let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw Self.unavailable(folder) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw Self.unavailable(folder) }
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func rename(_ path: String, to other: String) throws {
        #if canImport(Glibc)
            let code = Glibc.rename(path, other)
        #else
            let code = Darwin.rename(path, other)
        #endif
        guard code == 0 else { throw unavailable(path) }
    }

    private static func unavailable(_ path: String) -> StoreError {
        StoreError(.unavailable, "\(path) cannot be moved: \(String(cString: strerror(errno)))")
    }
}
