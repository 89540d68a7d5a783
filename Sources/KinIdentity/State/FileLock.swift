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

    /// - Parameter purpose: a word for what holds it, behind the pid; nil for what it is there for.
    /// - Throws: `Taken`, or `home_not_writable`.
    public init(_ path: String, purpose: String? = nil) throws {
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw KinError("home_not_writable", "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        guard Self.locks(file) else {
            let pid = (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(
                in: .whitespacesAndNewlines)
            close(file)
            throw Taken(pid: pid.flatMap { $0.isEmpty ? nil : $0 })
        }
        let pid = Array("\(getpid())\(purpose.map { " " + $0 } ?? "")\n".utf8)
        ftruncate(file, 0)
        pwrite(file, pid, pid.count, 0)
    }

    /// Whoever only asks for the holder has the lock for a moment: that passes.
    private static func locks(_ file: Int32) -> Bool {
        for _ in 0..<5 {
            if flock(file, LOCK_EX | LOCK_NB) == 0 { return true }
            usleep(20_000)
        }
        return false
    }

    /// The process that holds the lock on a file, as it wrote it; nil where nobody holds it. Changes nothing.
    public static func holder(of path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        guard flock(file, LOCK_SH | LOCK_NB) != 0 else { return nil }
        let pid = (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
        return pid ?? ""
    }

    deinit { close(file) }
}
