import AsyncHTTPClient
import Foundation
import KinClient
import KinIdentity
import KinWire
import Logging
import NIOCore
import Synchronization

/// The server a machine without configuration uses: a healthy one at 127.0.0.1:7440, else one started as a child.
///
/// The child outlives a crash of this daemon, so that others on the machine keep their server; a clean stop ends it.
final class LocalServer: Sendable {
    static let port = 7440
    /// How long whoever loses the bind waits for the winner.
    static let patience = Duration.seconds(5)

    private let state: StateFolder
    /// nil: none is started, only one that is there is used.
    private let executable: String?
    private let http: HTTPClient
    private let logger: Logger
    private let child = Mutex<Process?>(nil)

    /// - Parameter executable: this program's file, to start a server with; nil: one that is there is used, or none.
    init(state: StateFolder, executable: String?, http: HTTPClient, logger: Logger) {
        self.state = state
        self.executable = executable
        self.http = http
        self.logger = logger
    }

    /// nil where servers are named.
    convenience init?(for home: DaemonHome, http: HTTPClient) {
        guard home.settings.servers.isEmpty else { return nil }
        self.init(
            state: home.state, executable: home.installation.isEphemeral ? nil : home.options.executable, http: http,
            logger: home.logger)
    }

    /// Returns once a server answers.
    /// - Throws: `local_server_failed`, naming its log; `server_missing`.
    func ensure() async throws {
        if await isHealthy() { return }
        guard let executable else {
            throw KinError(
                "server_missing",
                "no server is at 127.0.0.1:\(Self.port), and an ephemeral device starts none, whose messages would go with it: name one with --server, or run  kin serve",
                category: .unreachable, retryable: true)
        }
        if child.withLock({ $0?.isRunning != true }) { try start(executable) }
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            if await isHealthy() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw KinError(
            "local_server_failed", "the server on 127.0.0.1:\(Self.port) did not come up: see \(logPath)",
            category: .unreachable, retryable: true)
    }

    /// Ends the child, if there is one.
    func stop() {
        child.withLock { child in
            if child?.isRunning == true { child?.terminate() }
            child = nil
        }
    }

    private var logPath: String { state.serverPath + "/server.log" }

    private func isHealthy() async -> Bool {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(Self.port)/healthz")
        let response = try? await http.execute(request, timeout: .seconds(1))
        return response?.status == .ok
    }

    private func start(_ executable: String) throws {
        try StateFolder.prepareFolder(state.serverPath)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = ["serve", "--listen", "127.0.0.1:\(Self.port)", "--data", state.serverPath]
        // The server learns nothing of this device: no name, no home but its own.
        let inherited = ProcessInfo.processInfo.environment
        process.environment = inherited.filter { ["PATH", "LANG"].contains($0.key) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let log = open(logPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        if log >= 0 { process.standardError = FileHandle(fileDescriptor: log, closeOnDealloc: true) }
        do {
            try process.run()
        } catch {
            throw KinError("local_server_failed", "\(executable) cannot be started: \(error.localizedDescription)")
        }
        logger.info("local_server_started", metadata: ["pid": .stringConvertible(Int(process.processIdentifier))])
        child.withLock { $0 = process }
    }
}
