import Foundation
import KinBroker
import KinEncoding

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The bytes of blobs: one file each (0600), `<data>/blobs/<mesh row>/<id>`. Every call may wait for the disk.
struct BlobFiles: Sendable {
    let root: String

    /// The file of a blob that is not as its row says.
    struct Missing: Error {}

    func path(_ place: BlobPlace) -> String { "\(folder(of: place))/\(place.id)" }

    private func folder(of place: BlobPlace) -> String { "\(root)/\(place.mesh.rowID)" }

    /// Opens it to be written from `offset` on; what is behind that was never told to anybody, and is cut.
    /// - Throws: `Missing` where fewer bytes are there; `SystemError`.
    func writer(_ place: BlobPlace, at offset: Int64) throws -> OpenBlob {
        for folder in [root, folder(of: place)] where mkdir(folder, 0o700) != 0 && errno != EEXIST {
            throw SystemError(errno)
        }
        let flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW | (offset == 0 ? O_CREAT : 0)
        let file = try open(place, flags)
        guard try file.size >= offset else { throw Missing() }
        try file.truncate(to: offset)
        if offset == 0 { try Self.sync(folder: folder(of: place)) }
        return file
    }

    /// - Throws: `Missing`, `SystemError`.
    func reader(_ place: BlobPlace) throws -> OpenBlob { try open(place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }

    private func open(_ place: BlobPlace, _ flags: Int32) throws -> OpenBlob {
        let descriptor = Foundation.open(path(place), flags, 0o600)
        if descriptor >= 0 { return OpenBlob(descriptor: descriptor) }
        throw errno == ENOENT ? Missing() : SystemError(errno)
    }

    func remove(_ place: BlobPlace) throws {
        guard unlink(path(place)) == 0 || errno == ENOENT else { throw SystemError(errno) }
    }

    /// Every file that has a blob's name.
    func places() -> [BlobPlace] {
        let manager = FileManager.default
        return ((try? manager.contentsOfDirectory(atPath: root)) ?? []).flatMap { folder -> [BlobPlace] in
            guard let row = Int64(folder) else { return [] }
            let names = (try? manager.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
            return names.compactMap { ULID($0) }.map { BlobPlace(mesh: .init(rowID: row), id: $0) }
        }
    }

    /// Bytes the file system has left for this process; nil where it does not tell.
    var available: Int64? {
        var facts = statvfs()
        let folder = access(root, F_OK) == 0 ? root : (root as NSString).deletingLastPathComponent
        guard statvfs(folder, &facts) == 0 else { return nil }
        return Int64(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
    }

    private static func sync(folder: String) throws {
        let descriptor = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError(errno) }
    }
}

/// One blob's file while it is written or read; closed with its last reference.
final class OpenBlob: Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    var size: Int64 {
        get throws {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw SystemError(errno) }
            return Int64(status.st_size)
        }
    }

    func truncate(to size: Int64) throws {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw SystemError(errno) }
    }

    func sync() throws {
        guard fsync(descriptor) == 0 else { throw SystemError(errno) }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
            if count >= 0 { done += count } else if errno != EINTR { throw SystemError(errno) }
        }
    }

    /// At most `limit` bytes; none at the end.
    func read(at offset: Int64, limit: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
            while true {
                let count = pread(descriptor, buffer.baseAddress, limit, off_t(offset))
                if count >= 0 { return filled = count }
                guard errno == EINTR else { throw SystemError(errno) }
            }
        }
    }
}

/// What the system says went wrong.
struct SystemError: Error, CustomStringConvertible {
    let code: Int32

    init(_ code: Int32) { self.code = code }

    var isFull: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }

    var description: String { String(cString: strerror(code)) }
}
