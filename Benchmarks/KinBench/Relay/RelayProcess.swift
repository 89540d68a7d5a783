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
        let deadline = monotonicSeconds() + 20
        while !isListening(port) {
            guard monotonicSeconds() < deadline, process.isRunning else {
                throw BenchError("the relay did not listen within 20 s")
            }
            usleep(5_000)
        }
        return process
    }

    private static func isListening(_ port: Int) -> Bool {
        let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
