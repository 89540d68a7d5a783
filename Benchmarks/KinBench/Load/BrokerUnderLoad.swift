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
    func processorSeconds() throws -> Double {
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

/// Durable sends a second of brokers side by side.
struct BrokerMeasurements {
    let kin: String
    let folder: String
    let seconds: Double

    struct Row {
        var samples: Samples
        /// Of the broker, in microseconds for each message.
        var processor: Double
    }

    /// Each sender with one unanswered message.
    func sends(_ kind: BrokerUnderLoad.Kind, senders: Int, bodyBytes: Int, family: TestFamily) async throws -> Row {
        let port = 21_000 + Int(getpid()) % 20_000 + Int.random(in: 0..<20_000)
        let broker = try BrokerUnderLoad(kind, kin: kin, under: folder, port: port)
        let open = try await connections(kind, port: port, senders, bodyBytes, family)
        let before = try broker.processorSeconds()
        let samples = try Load.run(open, for: seconds)
        let used = try broker.processorSeconds() - before
        return Row(samples: samples, processor: used * 1e6 / Double(max(1, samples.count)))
    }

    private func connections(
        _ kind: BrokerUnderLoad.Kind, port: Int, _ count: Int, _ bodyBytes: Int, _ family: TestFamily
    ) async throws -> [any Sender] {
        switch kind {
        case .redis: return try (0..<count).map { _ in try RedisSender(port: port, bodyBytes: bodyBytes) }
        case .nats:
            let senders = try (0..<count).map { try NATSSender(port: port, name: $0, bodyBytes: bodyBytes) }
            try senders.first?.createStream()
            return senders
        case .kindred:
            let owner = try await family.device()
            let recipient = try family.device(issuedBy: owner)
            return try (0..<count).map { _ in
                try KindredSender(
                    port: port, device: family.device(issuedBy: owner), to: recipient, bodyBytes: bodyBytes)
            }
        }
    }

    /// The table's rows, Redis being what others are measured by.
    func printRows(only: String? = nil) async throws {
        let family = try TestFamily(now: Int64(Date().timeIntervalSince1970 * 1000))
        for bodyBytes in [128, 4096] {
            for senders in [1, 16, 128] {
                var redis: Samples?
                if let only, only != "\(senders)/\(bodyBytes)" { continue }
                for kind in [BrokerUnderLoad.Kind.redis, .nats, .kindred]
                where BrokerUnderLoad.isThere(kind) && (only == nil || kind == .kindred) {
                    let row = try await sends(kind, senders: senders, bodyBytes: bodyBytes, family: family)
                    if kind == .redis { redis = row.samples }
                    print(line(kind, senders, bodyBytes, row, redis))
                }
            }
        }
    }

    private func line(
        _ kind: BrokerUnderLoad.Kind, _ senders: Int, _ bodyBytes: Int, _ row: Row, _ redis: Samples?
    ) -> String {
        let ratio = redis.map { String(format: "%.2f × Redis", row.samples.perSecond / $0.perSecond) } ?? ""
        let name = [BrokerUnderLoad.Kind.kindred: "`kin serve`", .redis: "Redis Streams", .nats: "NATS JetStream¹"][
            kind]
        return
            "| \(name ?? ""), \(senders) sender\(senders == 1 ? "" : "s"), \(bodyBytes) B | \(Int(row.samples.perSecond)) | \(milliseconds(row.samples.quantile(0.5))) | \(milliseconds(row.samples.quantile(0.99))) | \(kind == .redis ? "" : ratio) \(String(format: "(%.0f µs of processor)", row.processor)) |"
    }
}
