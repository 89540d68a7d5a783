import Foundation
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Makes sure one process uses a folder: an advisory lock on a file, which the kernel drops with the process. The file holds its pid.
public final class FileLock: Sendable {
    /// Another process holds the lock.
    public struct Taken: Error, Hashable, Sendable {
        /// Its pid as it wrote it, for people; liveness is told by the lock alone.
        public let pid: String?
    }

    private let file: Int32

    /// - Throws: `Taken`, or `home_not_writable`.
    public init(_ path: String) throws {
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw KinError("home_not_writable", "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let pid = (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(
                in: .whitespacesAndNewlines)
            close(file)
            throw Taken(pid: pid.flatMap { $0.isEmpty ? nil : $0 })
        }
        let pid = Array("\(getpid())\n".utf8)
        ftruncate(file, 0)
        pwrite(file, pid, pid.count, 0)
    }

    deinit { close(file) }
}
