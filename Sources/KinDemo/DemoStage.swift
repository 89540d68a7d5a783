import Foundation
import KinCrypto
import KinDaemonAPI
import KinIdentity
import KinWire

/// The processes on their folders. Whoever dies without having been killed ends the demo.
actor DemoStage {
    private static let startLimit = Duration.seconds(60)

    private let executable: String
    private let environment: [String: String]
    nonisolated let folder: DemoFolder
    nonisolated let server: DemoServer
    private var running: [DemoPart: ChildProcess] = [:]

    init(executable: String, environment: [String: String], folder: DemoFolder, server: DemoServer) {
        self.executable = executable
        self.environment = environment.filter { ["PATH", "HOME", "LANG"].contains($0.key) }
        self.folder = folder
        self.server = server
    }

    nonisolated func client(of part: DemoPart) -> DaemonClient {
        DaemonClient(socketPath: folder.state(of: part).daemon() + "/sock")
    }

    /// Makes a device of the wallet in the part's home.
    func enrol(_ part: DemoPart, phrase: SecretBytes) async throws {
        let importing = try spawn(["wallet", "import"], as: part) { input in
            try phrase.withBytes { try input.write(contentsOf: Data($0)) }
        }
        guard let code = try await importing.end(within: Self.startLimit) else {
            importing.signal(SIGKILL)
            throw failure("kin wallet import did not end", part)
        }
        guard code == 0 else { throw failure("kin wallet import ended with exit code \(code)", part) }
    }

    /// Starts a part and waits until it answers.
    func start(_ part: DemoPart) async throws {
        running[part] = try spawn(arguments(of: part), as: part)
        try await Patience.wait(for: "\(part.title) to answer", within: Self.startLimit) {
            try checkAlive()
            return await answers(part) ? () : nil
        }
    }

    /// SIGKILL, and a new start with the same arguments.
    func kill(_ part: DemoPart) async throws {
        guard let child = running.removeValue(forKey: part) else { return }
        child.signal(SIGKILL)
        guard try await child.end(within: .seconds(10)) != nil else { throw failure("SIGKILL did not end it", part) }
        try await start(part)
    }

    /// - Throws: `demo_part_ended` where a part ended by itself.
    func checkAlive() throws {
        for (part, child) in running {
            if let code = child.exitCode { throw failure("it ended by itself with exit code \(code)", part) }
        }
    }

    /// Ends everything.
    /// - Returns: those that did not end cleanly within 5 s of SIGTERM.
    func stopAll() async -> [DemoPart] {
        let children = running
        running = [:]
        return await withTaskGroup(of: DemoPart?.self) { group in
            for (part, child) in children {
                group.addTask { (try? await child.stop()) == true ? nil : part }
            }
            return await group.reduce(into: []) { unclean, part in if let part { unclean.append(part) } }
        }
    }

    private func arguments(of part: DemoPart) -> [String] {
        guard part != .server else {
            return ["serve", "--listen", "127.0.0.1:\(server.port)", "--data", folder.path(of: .server)]
        }
        return ["up", "--name", part.rawValue, "--server", server.address]
    }

    private func spawn(
        _ arguments: [String], as part: DemoPart, input: ((FileHandle) throws -> Void)? = nil
    ) throws -> ChildProcess {
        var environment = environment
        environment["KINDRED_HOME"] = folder.path(of: part)
        return try .start(
            executable, arguments, environment: environment, log: folder.log(of: part), input: input)
    }

    private func answers(_ part: DemoPart) async -> Bool {
        part == .server ? await server.isHealthy() : (try? await client(of: part).version(within: .seconds(1))) != nil
    }

    private func failure(_ what: String, _ part: DemoPart) -> KinError {
        let said = folder.lastLines(of: part)
        let quote = said.isEmpty ? "it said nothing" : "it said last:\n  " + said.joined(separator: "\n  ")
        return KinError("demo_part_ended", "\(part.title): \(what); \(quote)")
    }
}
