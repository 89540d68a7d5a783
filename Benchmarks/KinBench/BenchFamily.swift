import Foundation

/// A server and daemons of the binary under test, in a folder on a real disk.
final class BenchFamily {
    let kin: String
    let folder: String
    private let port: Int
    private let names: [String]
    private var processes: [Process] = []

    /// - Parameter names: of the devices; the first knows all others when this returns.
    init(kin: String, under parent: String, names: [String] = ["laptop", "studio"]) throws {
        self.kin = kin
        self.names = names
        folder = "\(parent)/kb-\(getpid())-\(names.count)"
        port = 20_000 + Int(getpid()) % 20_000 + names.count
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let words = try run(home: 1, ["wallet", "new", "--print", "--yes"]).split(separator: "\n")
        guard let phrase = words.first(where: { $0.split(separator: " ").count == 24 }) else {
            throw BenchError("kin wallet new printed no phrase")
        }
        for home in names.indices.dropFirst() {
            try run(home: home + 1, ["wallet", "import"], input: String(phrase))
        }
        try start(0, ["serve", "--listen", "127.0.0.1:\(port)", "--data", "\(folder)/server"])
        for (index, name) in names.enumerated() { try start(index + 1, upArguments(name)) }
        try wait("the daemons to know each other", for: 20 + Double(names.count)) {
            let devices = try self.http(1).get("/v1/devices").body
            return try names.dropFirst().allSatisfy { devices.contains("\"name\":\"\($0)\"") }
                && names.indices.allSatisfy {
                    try self.http($0 + 1).get("/v1/health").body.contains("\"status\":\"ok\"")
                }
        }
    }

    deinit {
        for process in processes where process.isRunning { process.terminate() }
        for process in processes { process.waitUntilExit() }
        try? FileManager.default.removeItem(atPath: folder)
    }

    func socket(_ home: Int) -> String { "\(folder)/\(home)/daemon/home/sock" }

    func http(_ home: Int) throws -> UnixHTTP { try UnixHTTP(socket(home)) }

    /// Process ids: the server, then the daemons.
    var pids: [Int32] { processes.map(\.processIdentifier) }

    /// Waits until nobody has anything to do, for a family that has just met tells each other much; else for as long as is said.
    /// - Returns: the processor's time that all of them take in a second, then.
    @discardableResult
    func settle(within seconds: Double = 60) -> Double {
        let deadline = monotonicSeconds() + seconds
        var (before, taken) = (processorSeconds, 0.0)
        while monotonicSeconds() < deadline {
            usleep(1_000_000)
            let now = processorSeconds
            taken = now - before
            if taken < 0.02 + 0.002 * Double(processes.count) { break }
            before = now
        }
        return taken
    }

    private var processorSeconds: Double {
        pids.reduce(0) { $0 + ((try? BrokerUnderLoad.processorSeconds(of: $1)) ?? 0) }
    }

    private func upArguments(_ name: String) -> [String] {
        ["up", "--name", name, "--server", "http://127.0.0.1:\(port)"]
    }

    func stopServer() {
        processes[0].terminate()
        processes[0].waitUntilExit()
    }

    /// Stops a daemon and starts it again: seconds until its API answers, and until it is connected.
    func restart(_ home: Int) throws -> (answers: Double, connected: Double) {
        processes[home].terminate()
        processes[home].waitUntilExit()
        let begin = monotonicSeconds()
        processes[home] = try launch(home, upArguments(names[home - 1]))
        try wait("the daemon to answer", for: 20) { try self.http(home).get("/v1/version").status == 200 }
        let answers = monotonicSeconds() - begin
        try wait("the daemon to connect", for: 20) {
            try self.http(home).get("/v1/health").body.contains("\"status\":\"ok\"")
        }
        return (answers, monotonicSeconds() - begin)
    }

    /// Runs a command to its end, and nothing more: `Process` would notice the end up to 50 ms late.
    func runToEnd(home: Int, _ arguments: [String]) throws {
        let (words, variables) = (
            Self.list([kin] + arguments), Self.list(["PATH=/usr/bin:/bin", "KINDRED_HOME=\(folder)/\(home)"])
        )
        defer { for text in words + variables { free(text) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var (pid, status) = (pid_t(0), Int32(0))
        guard posix_spawn(&pid, kin, &actions, nil, words, variables) == 0, waitpid(pid, &status, 0) == pid,
            status == 0
        else { throw BenchError("kin \(arguments.joined(separator: " ")) failed") }
    }

    /// As C takes a list of texts; to be freed.
    private static func list(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { text -> UnsafeMutablePointer<CChar>? in strdup(text) } + [nil]
    }

    /// Runs a command to its end and returns its output.
    @discardableResult
    func run(home: Int, _ arguments: [String], input: String = "") throws -> String {
        let process = configured(home, arguments)
        let (input, inputText) = (Pipe(), input)
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        input.fileHandleForWriting.write(Data(inputText.utf8))
        try input.fileHandleForWriting.close()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("kin \(arguments.joined(separator: " ")) failed") }
        return String(decoding: data, as: UTF8.self)
    }

    private func start(_ home: Int, _ arguments: [String]) throws { processes.append(try launch(home, arguments)) }

    private func launch(_ home: Int, _ arguments: [String]) throws -> Process {
        let process = configured(home, arguments)
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func configured(_ home: Int, _ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: kin)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin", "KINDRED_HOME": "\(folder)/\(home)"]
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }

    func wait(_ what: String, for seconds: Double, _ condition: () throws -> Bool) throws {
        let deadline = monotonicSeconds() + seconds
        while monotonicSeconds() < deadline {
            if (try? condition()) == true { return }
            usleep(2_000)
        }
        throw BenchError("waited \(Int(seconds)) s in vain for \(what)")
    }
}
