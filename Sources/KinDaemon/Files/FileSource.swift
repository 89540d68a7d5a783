import Foundation
import KinEncoding
import KinMailbox
import KinWire
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A regular file that is shared, open for reading. Every call may wait for the disk.
final class FileSource: Sendable {
    let facts: ShareRow.Source
    private let descriptor: Int32

    /// - Parameter path: absolute.
    /// - Throws: `path_not_absolute`, `source_missing`, `source_is_folder`, `source_is_link`, `source_not_a_file`, `source_unreadable`.
    init(_ path: String) throws(KinError) {
        guard path.hasPrefix("/"), !path.utf8.contains(0) else {
            throw KinError(
                "path_not_absolute", "the daemon has no working folder: name the file by its whole path",
                category: .usage)
        }
        var status = stat()
        // Looked at before it is opened: opening a device may do something.
        guard lstat(path, &status) == 0 else { throw Self.failure(errno, path) }
        try Self.check(status.st_mode, path)
        descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(errno, path) }
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw KinError("source_not_a_file", "\(path) is no file: only files can be shared", category: .conflict)
        }
        facts = Self.facts(status, path)
    }

    deinit { close(descriptor) }

    /// Bytes at an offset, exactly so many.
    /// - Throws: `file_changed` where the file has become shorter, `source_unreadable`.
    func read(at offset: Int64, count: Int) throws(KinError) -> [UInt8] {
        var failure: Int32?
        var filled = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(buffer)[filled...]
                let got = pread(
                    descriptor, UnsafeMutableRawBufferPointer(rebasing: rest).baseAddress, rest.count,
                    off_t(offset) + off_t(filled))
                if got > 0 {
                    filled += got
                } else if got == 0 {
                    break
                } else if errno != EINTR {
                    failure = errno
                    break
                }
            }
            initialized = filled
        }
        if let failure { throw Self.failure(failure, facts.path) }
        guard filled == count else { throw Self.changed(facts.path) }
        return bytes
    }

    /// - Throws: `file_changed` where this is not the file that was shared, as far as the system can tell.
    func check(_ known: ShareRow.Source) throws(KinError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, Self.facts(status, facts.path) == known else {
            throw Self.changed(facts.path)
        }
    }

    static func changed(_ path: String) -> KinError {
        KinError("file_changed", "\(path) was changed while it was being shared: share it again", category: .conflict)
    }

    private static func check(_ mode: mode_t, _ path: String) throws(KinError) {
        switch mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR:
            throw KinError(
                "source_is_folder", "\(path) is a folder: pack it first, as in  tar czf F.tar.gz FOLDER",
                category: .conflict)
        case S_IFLNK:
            throw KinError(
                "source_is_link", "\(path) is a symbolic link: name the file it leads to", category: .conflict)
        default:
            throw KinError(
                "source_not_a_file", "\(path) is a pipe, socket or device: only files can be shared",
                category: .conflict)
        }
    }

    private static func failure(_ code: Int32, _ path: String) -> KinError {
        switch code {
        case ENOENT, ENOTDIR: KinError("source_missing", "\(path) is not there", category: .notFound)
        case ELOOP:
            KinError("source_is_link", "\(path) is a symbolic link: name the file it leads to", category: .conflict)
        default:
            KinError(
                "source_unreadable", "\(path) cannot be read: \(String(cString: strerror(code)))", category: .refused)
        }
    }

    private static func facts(_ status: stat, _ path: String) -> ShareRow.Source {
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        return ShareRow.Source(
            path: path, size: Int64(status.st_size), device: Int64(truncatingIfNeeded: status.st_dev),
            inode: Int64(truncatingIfNeeded: status.st_ino),
            modifiedAt: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}

/// Work that waits for a disk, on a thread that may wait.
enum Disk {
    static func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await NIOThreadPool.singleton.runIfActive(body)
    }
}
