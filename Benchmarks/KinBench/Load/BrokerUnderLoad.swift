import Foundation
import KinTesting

/// A broker on fresh data on a real disk, stopped and removed when it is let go.
final class BrokerUnderLoad {
    enum Kind: String, CaseIterable {
        case kindred, redis, nats
    }

    let port: Int
    private let process = Process()
    private let folder: String

    /// - Parameter kin: the binary under test.
    init(_ kind: Kind, kin: String, under parent: String, port: Int) throws {
        self.port = port
        folder = "\(parent)/kb-\(kind.rawValue)-\(port)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let (program, arguments) = Self.command(kind, kin: kin, folder: folder, port: port)
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin", "KINDRED_HOME": folder]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let deadline = monotonicSeconds() + 20
        while (try? LoadConnection(port: port)) == nil {
            guard monotonicSeconds() < deadline else { throw BenchError("\(program) did not listen within 20 s") }
            usleep(20_000)
        }
    }

    deinit {
        kill(pid, SIGKILL)  // a thread of a pool hands its blocked signals on, and this one cannot be blocked
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    var pid: Int32 { process.processIdentifier }

    /// Seconds of processor time it has used.
    func processorSeconds() throws -> Double { try Self.processorSeconds(of: pid) }

    static func processorSeconds(of pid: Int32) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return .nan }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Whether it is on this machine.
    static func isThere(_ kind: Kind) -> Bool {
        kind == .kindred || FileManager.default.isExecutableFile(atPath: program(kind, kin: ""))
    }

    private static func program(_ kind: Kind, kin: String) -> String {
        switch kind {
        case .kindred: kin
        case .redis: "/usr/bin/redis-server"
        case .nats:
            FileManager.default.isExecutableFile(atPath: "/usr/sbin/nats-server")
                ? "/usr/sbin/nats-server" : "/usr/bin/nats-server"
        }
    }

    private static func command(
        _ kind: Kind, kin: String, folder: String, port: Int
    ) -> (program: String, arguments: [String]) {
        let arguments =
            switch kind {
            case .kindred: ["serve", "--listen", "127.0.0.1:\(port)", "--data", folder + "/data"]
            case .redis:
                [
                    "--port", "\(port)", "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes",
                    "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0",
                ]
            case .nats: ["-a", "127.0.0.1", "-p", "\(port)", "-js", "-sd", folder]
            }
        return (program(kind, kin: kin), arguments)
    }
}
