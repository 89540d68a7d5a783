import Foundation
public import KinIdentity
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Ends the daemon of a home from outside, as a supervisor would (`kin down`).
public struct DaemonStopping: Sendable {
    public enum Outcome: Hashable, Sendable {
        case stopped(pid: Int32)
        /// None ran.
        case notRunning
    }

    /// A daemon ends within 5 s of being asked to.
    public static let patience = Duration.seconds(8)
    private static let interval = Duration.milliseconds(20)

    private let lock: String
    private let isEphemeral: Bool
    private let patience: Duration

    public init(_ state: StateFolder, patience: Duration = DaemonStopping.patience) {
        lock = DaemonPaths.pid(in: state)
        isEphemeral = EphemeralFolder.isOne(state)
        self.patience = patience
    }

    /// Other meshes of that home whose daemons run in the same process.
    public static func companions(of state: StateFolder) -> [MeshFolder] {
        guard let holder = FileLock.holder(of: DaemonPaths.pid(in: state)), !holder.isEmpty else { return [] }
        return state.meshes().filter { mesh in
            let other = StateFolder(root: state.root, mesh: mesh)
            return mesh != state.mesh && FileLock.holder(of: DaemonPaths.pid(in: other)) == holder
        }
    }

    /// Asks the process that holds the home to end, and waits until it has.
    /// - Throws: `daemon_unknown` where the holder is no process of this machine's that can be asked; `daemon_not_ending`.
    public func run() async throws -> Outcome {
        guard let text = try await holder() else { return .notRunning }
        guard !text.hasSuffix(StoppedDaemon.purpose) else { throw Self.inMaintenance(text) }
        guard let pid = Int32(text), pid > 1, holds(pid) else { throw unknown(text) }
        guard kill(pid, SIGTERM) == 0 || errno == ESRCH else { throw unknown(text) }
        let deadline = ContinuousClock.now + patience
        // Another that took the home meanwhile was not asked.
        while let holder = FileLock.holder(of: lock), holder.isEmpty || holder == text {
            guard ContinuousClock.now < deadline else { throw notEnding(pid) }
            try await Task.sleep(for: Self.interval)
        }
        return .stopped(pid: pid)
    }

    /// Whoever takes the lock writes its number right after: until then the former one's is there.
    private func holder() async throws -> String? {
        var last: String?
        while let holder = FileLock.holder(of: lock) {
            if holder == last { return holder }
            last = holder
            try await Task.sleep(for: Self.interval)
        }
        return nil
    }

    /// Whether that process has the lock's file open: a number may be of a process long gone, or of another machine that shares the folder.
    private func holds(_ pid: Int32) -> Bool {
        #if os(Linux)
            var wanted = stat()
            guard stat(lock, &wanted) == 0 else { return false }
            let folder = "/proc/\(pid)/fd"
            let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return files.contains { name in
                var open = stat()
                return stat("\(folder)/\(name)", &open) == 0 && open.st_dev == wanted.st_dev
                    && open.st_ino == wanted.st_ino
            }
        #else
            return kill(pid, 0) == 0
        #endif
    }

    private static func inMaintenance(_ holder: String) -> KinError {
        KinError(
            "home_in_use",
            "no daemon runs: process \(holder.prefix { $0 != " " }) changes this home (another  kin daemon  or  kin wallet  command); let it finish",
            category: .conflict)
    }

    private func unknown(_ holder: String) -> KinError {
        KinError(
            "daemon_unknown",
            "\(lock) is held by a process that cannot be asked to end from here\(holder.isEmpty ? "" : " (it calls itself process \(holder))"): end it where it runs",
            category: .refused)
    }

    private func notEnding(_ pid: Int32) -> KinError {
        KinError(
            "daemon_not_ending",
            "the daemon (process \(pid)) was asked to end and has not within \(patience.components.seconds) s: wait, or run  kill -9 \(pid) , which loses \(isEphemeral ? "what has not reached the broker" : "no message that was acknowledged")",
            detail: ["pid": .integer(Int64(pid))])
    }
}
