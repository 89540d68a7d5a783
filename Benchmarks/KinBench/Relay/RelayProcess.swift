import Foundation

/// `kin serve --relay-only` as a process of its own, gone when it is let go.
final class RelayProcess {
    let port = Int.random(in: 21_000..<32_000)
    private let kin: String
    private var process: Process

    init(_ kin: String) throws {
        self.kin = kin
        process = try Self.start(kin, port)
    }

    deinit { kill() }

    var pid: Int32 { process.processIdentifier }

    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(pid, SIGKILL)
        process.waitUntilExit()
    }

    func startAgain() throws { process = try Self.start(kin, port) }

    private static func start(_ kin: String, _ port: Int) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: kin)
        process.arguments = ["serve", "--relay-only", "--listen", "127.0.0.1:\(port)"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }
}
