import Foundation
import KinWire
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One part's process: it is killed or stopped, and its end is known.
final class ChildProcess: Sendable {
    /// Set once by the thread that reaps the process.
    private let status: Status
    private let identifier: pid_t

    private final class Status: Sendable {
        let value = Mutex<Int32?>(nil)
    }

    /// - Parameters:
    ///   - log: where output and errors are appended.
    ///   - input: what it reads from standard input; the end of file follows.
    static func start(
        _ executable: String, _ arguments: [String], environment: [String: String], log: String,
        input: ((FileHandle) throws -> Void)? = nil
    ) throws -> ChildProcess {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = environment
        let output = try appending(to: log)
        defer { try? output.close() }
        process.standardOutput = output
        process.standardError = output
        let pipe = input.map { _ in Pipe() }
        process.standardInput = pipe ?? FileHandle.nullDevice
        let status = Status()
        process.terminationHandler = { ended in
            let code = ended.terminationReason == .exit ? ended.terminationStatus : 128 + ended.terminationStatus
            status.value.withLock { $0 = code }
        }
        do {
            try process.run()
        } catch {
            throw KinError("demo_start", "\(executable) cannot be started: \(error.localizedDescription)")
        }
        if let pipe, let input {
            defer { try? pipe.fileHandleForWriting.close() }
            try input(pipe.fileHandleForWriting)
        }
        return ChildProcess(identifier: process.processIdentifier, status: status)
    }

    private init(identifier: pid_t, status: Status) {
        self.identifier = identifier
        self.status = status
    }

    private static func appending(to path: String) throws -> FileHandle {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw KinError("demo_folder", "\(path) cannot be written") }
        return FileHandle(fileDescriptor: file, closeOnDealloc: true)
    }

    /// Its exit code, as a shell counts it: 128 and more for a signal. nil while it runs.
    var exitCode: Int32? { status.value.withLock { $0 } }

    func signal(_ signal: Int32) {
        // The identifier of a process that was reaped may belong to another.
        guard exitCode == nil else { return }
        kill(identifier, signal)
    }

    /// - Returns: nil where it still runs after `limit`.
    func end(within limit: Duration) async throws -> Int32? {
        let deadline = ContinuousClock.now + limit
        while exitCode == nil && ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(5)) }
        return exitCode
    }

    /// SIGTERM, and SIGKILL for who is still there after 5 s.
    /// - Returns: whether it ended by itself with exit code 0.
    func stop() async throws -> Bool {
        signal(SIGTERM)
        if let code = try await end(within: .seconds(5)) { return code == 0 }
        signal(SIGKILL)
        _ = try await end(within: .seconds(5))
        return false
    }
}
