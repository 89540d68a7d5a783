import Foundation
import KinEncoding
import KinTerminal
import KinTesting
import KinWire
import Synchronization
import Testing

/// Terminals whose account has a home of its own, and a plain shell.
final class TerminalBench: Sendable {
    let folder: TemporaryFolder
    let terminals: Terminals

    init(
        limits: TerminalLimits = TerminalLimits(grace: .milliseconds(400)), shell: String = "/bin/sh",
        environment: [String: String] = ["PATH": "/usr/bin:/bin", "KINDRED_HOME": "/secret", "LANG": "C.UTF-8"],
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
    ) throws {
        folder = try TemporaryFolder()
        let count = Mutex(UInt8(0))
        terminals = Terminals(
            limits: limits, account: LoginAccount(name: "somebody", home: folder.path, shell: shell),
            environment: environment, now: now,
            newID: {
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return ULID(milliseconds: 1, randomness: Array(repeating: 0, count: 9) + [number])
            })
    }

    /// Runs a test's body, and ends all terminals whatever becomes of it.
    static func run(
        limits: TerminalLimits = TerminalLimits(grace: .milliseconds(400)), shell: String = "/bin/sh",
        _ body: (TerminalBench) async throws -> Void
    ) async throws {
        let bench = try TerminalBench(limits: limits, shell: shell)
        do { try await body(bench) } catch {
            await bench.terminals.closeAll()
            throw error
        }
        await bench.terminals.closeAll()
    }

    /// Opens a terminal that runs a script of the shell.
    func open(_ script: String, size: TerminalSize = .usual, kind: String = "xterm-256color", isPlain: Bool = false)
        throws -> TerminalInfo
    {
        try terminals.open(
            TerminalRequest(command: ["/bin/sh", "-c", script], kind: kind, size: size, isPlain: isPlain))
    }

    func attach(
        _ info: TerminalInfo, from start: TerminalStart = .position(0), size: TerminalSize? = nil
    ) throws -> Reading {
        Reading(try terminals.attach(to: info.id, from: start, size: size))
    }

    func type(_ text: String, to info: TerminalInfo) async throws {
        try await terminals.write(Array(text.utf8), to: info.id)
    }

    /// What a script puts out, and how it ends.
    func result(of script: String, isPlain: Bool = true) async throws -> (text: String, exit: TerminalExit) {
        let reading = try attach(try open(script, isPlain: isPlain))
        let exit = try await reading.exit()
        return (reading.text, exit)
    }
}

/// What comes from a terminal, gathered.
final class Reading: Sendable {
    struct State {
        var bytes: [UInt8] = []
        var events: [TerminalEvent] = []
    }

    let output: TerminalOutput
    private let state = Mutex(State())

    init(_ output: TerminalOutput) { self.output = output }

    var bytes: [UInt8] { state.withLock { $0.bytes } }
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var events: [TerminalEvent] { state.withLock { $0.events } }

    /// The next event; nil after the end.
    func next(within limit: Duration = .seconds(20)) async throws -> TerminalEvent? {
        let event = try await withDeadline(limit) { [output] in await output.next() }
        state.withLock { state in
            if let event { state.events.append(event) }
            switch event {
            case .screen(_, let bytes), .output(_, let bytes): state.bytes += bytes
            default: break
            }
        }
        return event
    }

    /// Reads on until the text that came so far meets a condition.
    func until(_ condition: (String) -> Bool) async throws {
        while !condition(text) {
            guard try await next() != nil else { throw MissingValue("more than \(text.debugDescription)") }
        }
    }

    func until(_ part: String) async throws { try await until { $0.contains(part) } }

    func exit() async throws -> TerminalExit {
        while let event = try await next() {
            if case .exited(let exit) = event { return exit }
        }
        throw MissingValue("an exit")
    }
}

struct TookTooLong: Error {}

/// - Throws: `TookTooLong`, once `body` was cancelled.
func withDeadline<Value: Sendable>(
    _ limit: Duration = .seconds(20), _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw TookTooLong()
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw TookTooLong() }
        return value
    }
}

/// Looks again until it is so, for 10 seconds.
func eventually(_ condition: () throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while try !condition() {
        guard ContinuousClock.now < deadline else { return false }
        try await Task.sleep(for: .milliseconds(10))
    }
    return true
}

/// Of this process: what it holds open.
enum OpenFiles {
    static var all: [String] {
        let folder = "/proc/self/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
    }

    static var terminals: Int { all.count { $0.hasPrefix("/dev/pt") || $0.contains("pidfd") } }
}

/// Children of this process, those that nobody waited for among them.
func children() throws -> Set<Int32> {
    let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
    return Set(
        tasks.flatMap { task in
            let text = (try? String(contentsOfFile: "/proc/self/task/\(task)/children", encoding: .utf8)) ?? ""
            return text.split(separator: " ").compactMap { Int32($0) }
        })
}
