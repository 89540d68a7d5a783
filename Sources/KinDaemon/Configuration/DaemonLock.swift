import Foundation
import KinIdentity
import KinWire

/// Makes sure one daemon runs in a home: an advisory lock on the pid file, which the kernel drops with the process.
final class DaemonLock: Sendable {
    private let file: Int32

    /// - Throws: `daemon_running` (conflict).
    init(_ state: StateFolder) throws {
        let path = DaemonPaths.pid(in: state)
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw KinError("home_not_writable", "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let pid = (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(
                in: .whitespacesAndNewlines)
            close(file)
            throw KinError(
                "daemon_running",
                "a daemon already runs in \(state.root)\(pid.map { " (process \($0))" } ?? ""): stop it first, or set KINDRED_HOME",
                category: .conflict)
        }
        let pid = Array("\(getpid())\n".utf8)
        ftruncate(file, 0)
        pwrite(file, pid, pid.count, 0)
    }

    deinit { close(file) }
}
