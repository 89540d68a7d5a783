import Foundation
import KinCrypto
import KinEncoding
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What of a file has come, beside where it is to be: `.kin-<id>.part` (0600). It holds verified plaintext alone. Every call may wait for the disk.
final class FilePart: Sendable {
    let out: String
    private let path: String
    private let folder: String
    private let descriptor: Int32

    /// Opens what came before, or begins.
    /// - Parameter out: absolute.
    /// - Throws: `path_not_absolute`, `file_exists`, `folder_missing`, `out_unwritable`, `download_under_way`.
    init(of id: ULID, for out: String) throws(KinError) {
        guard out.hasPrefix("/"), !out.utf8.contains(0), !out.hasSuffix("/") else {
            throw KinError(
                "path_not_absolute", "the daemon has no working folder: name the file to write by its whole path",
                category: .usage)
        }
        self.out = out
        folder = (out as NSString).deletingLastPathComponent
        path = (folder == "/" ? "" : folder) + "/.kin-\(id).part"
        try Self.refuseExisting(out)
        descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(errno, folder) }
        do throws(KinError) {
            try lock()
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    private func lock() throws(KinError) {
        var status = stat()
        // In a folder of everybody's somebody else may have put it there.
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_nlink == 1, status.st_mode & 0o077 == 0
        else {
            throw KinError("out_unwritable", "\(path) is not this daemon's: delete it", category: .refused)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw KinError(
                "download_under_way", "that file is being written into \(folder) already", category: .conflict,
                retryable: true)
        }
    }

    static func refuseExisting(_ out: String) throws(KinError) {
        var status = stat()
        guard lstat(out, &status) != 0 else {
            throw KinError("file_exists", "\(out) is there already: name another file", category: .conflict)
        }
    }

    var size: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    func truncate(to size: Int64) throws(KinError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw Self.failure(errno, folder) }
    }

    /// - Throws: `storage_full`, `out_unwritable`.
    func write(_ bytes: [UInt8], at offset: Int64) throws(KinError) {
        var (done, failure) = (0, nil as Int32?)
        bytes.withUnsafeBytes { bytes in
            while done < bytes.count, failure == nil {
                let count = pwrite(
                    descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset) + off_t(done))
                if count >= 0 { done += count } else if errno != EINTR { failure = errno }
            }
        }
        if let failure { throw Self.failure(failure, folder) }
    }

    /// The hash of its first bytes.
    func hash(through end: Int64) throws(KinError) -> SHA256Stream {
        var hash = SHA256Stream()
        var offset: Int64 = 0
        while offset < end {
            let limit = Int(min(1 << 18, end - offset))
            var failure: Int32?
            let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
                let count = pread(descriptor, buffer.baseAddress, limit, off_t(offset))
                if count < 0 { failure = errno }
                filled = max(count, 0)
            }
            if failure == EINTR { continue }
            guard !bytes.isEmpty else { throw Self.failure(failure ?? EIO, folder) }
            hash.update(bytes)
            offset += Int64(bytes.count)
        }
        return hash
    }

    /// Makes sure that what is still to come fits.
    /// - Throws: `storage_full`, with the room that is needed.
    func checkRoom(for bytes: Int64) throws(KinError) {
        var facts = statvfs()
        guard statvfs(folder, &facts) == 0 else { return }
        let available = Int64(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
        guard bytes > available else { return }
        throw KinError(
            "storage_full",
            "\(folder) has room for \(available) bytes, and \(bytes) are still to come: make room, then ask again",
            category: .exhausted, retryable: true,
            detail: ["needed": .integer(bytes), "available": .integer(available)])
    }

    /// Gives the whole file its name, which must be free. On disk when it returns.
    /// - Throws: `file_exists`, `storage_full`, `out_unwritable`.
    func finish() throws(KinError) {
        guard fsync(descriptor) == 0 else { throw Self.failure(errno, folder) }
        // A link, unlike a renaming, never replaces.
        if link(path, out) == 0 {
            unlink(path)
        } else if errno == EEXIST {
            throw KinError("file_exists", "\(out) is there already: name another file", category: .conflict)
        } else {
            // A file system without links.
            try Self.refuseExisting(out)
            guard rename(path, out) == 0 else { throw Self.failure(errno, folder) }
        }
        let opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { return }
        fsync(opened)
        close(opened)
    }

    func remove() { unlink(path) }

    private static func failure(_ code: Int32, _ folder: String) -> KinError {
        switch code {
        case ENOSPC, EDQUOT, EFBIG:
            KinError(
                "storage_full", "the disk that holds \(folder) is full: make room, then ask again to go on",
                category: .exhausted, retryable: true)
        case ENOENT, ENOTDIR: KinError("folder_missing", "\(folder) is no folder", category: .notFound)
        default:
            KinError(
                "out_unwritable", "\(folder) cannot be written: \(String(cString: strerror(code)))", category: .refused)
        }
    }
}
