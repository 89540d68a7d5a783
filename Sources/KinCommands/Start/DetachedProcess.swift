import Foundation
import KinCrypto
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A process in a session of its own, which no terminal's end reaches. What it writes comes by two pipes until it is left alone.
final class DetachedProcess: Sendable {
    enum Input {
        case nothing, inherited
        case text(String)
        case secret(SecretBytes)
    }

    #if canImport(Darwin)
        private static let newSession = Int16(POSIX_SPAWN_SETSID)
    #else
        /// `POSIX_SPAWN_SETSID` of glibc's `spawn.h`, which shows it to GNU sources only.
        private static let newSession: Int16 = 0x80
    #endif

    let process: Int32
    /// Read ends.
    let output: Int32
    let errors: Int32

    /// - Throws: `start_failed`.
    init(_ executable: String, _ arguments: [String], environment: [String: String], input: Input) throws {
        let (answers, notes) = (try Self.pipe(), try Self.pipe())
        defer { for end in [answers.write, notes.write] { close(end) } }
        let source = try Self.source(input)
        defer { if let source { close(source) } }
        do {
            process = try Self.spawn(
                executable, arguments, environment, streams: (source ?? STDIN_FILENO, answers.write, notes.write))
        } catch {
            for end in [answers.read, notes.read] { close(end) }
            throw error
        }
        (output, errors) = (answers.read, notes.read)
    }

    deinit { for end in [output, errors] { close(end) } }

    /// How it ended, where it has.
    func exitStatus() -> Int32? {
        var status: Int32 = 0
        guard waitpid(process, &status, WNOHANG) == process else { return nil }
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f)
    }

    /// What it reads; nil: what this process reads. A secret fits the pipe's buffer.
    private static func source(_ input: Input) throws -> Int32? {
        switch input {
        case .inherited: return nil
        case .nothing: return open("/dev/null", O_RDONLY | O_CLOEXEC)
        case .text(let text): return try source(.secret(SecretBytes(copying: Array(text.utf8))))
        case .secret(let secret):
            let ends = try pipe()
            secret.withBytes { _ = write(ends.write, $0.baseAddress, $0.count) }
            close(ends.write)
            return ends.read
        }
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Foundation.pipe(&ends) == 0 else { throw failed(errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ executable: String, _ arguments: [String], _ environment: [String: String],
        streams: (input: Int32, output: Int32, errors: Int32)
    ) throws -> Int32 {
        #if canImport(Darwin)
            var (actions, attributes) = (
                posix_spawn_file_actions_t(nil as OpaquePointer?), posix_spawnattr_t(nil as OpaquePointer?)
            )
        #else
            var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
        #endif
        keepDescriptorsBack()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (end, target) in [streams.input, streams.output, streams.errors].enumerated() where end != target {
            posix_spawn_file_actions_adddup2(&actions, target, Int32(end))
        }
        // A mask that this process has would keep signals from the daemon for ever.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | newSession)
        var words = ([executable] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, executable, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw failed(code) }
        return process
    }

    /// Whoever started this process may wait for the end of a pipe that it left open here: the daemon must not hold it.
    private static func keepDescriptorsBack() {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/dev/fd")) ?? []
        for file in open.compactMap({ Int32($0) }) where file > STDERR_FILENO { _ = fcntl(file, F_SETFD, FD_CLOEXEC) }
    }

    private static func failed(_ code: Int32) -> KinError {
        KinError("start_failed", "the daemon cannot be started: \(String(cString: strerror(code)))")
    }
}
