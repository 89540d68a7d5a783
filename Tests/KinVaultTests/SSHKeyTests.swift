import Foundation
import KinTesting
import KinVault
import KinWire
import Testing

@Suite struct SSHKeyTests {
    @Test(
        "private file and public line are those that another implementation writes",
        arguments: try VaultVectors.file().entry("ssh").entries("keys"))
    func frozen(vector: Vector) throws {
        let key = try SSHKey(VaultVectors.ed25519(VaultPath.ssh()), comment: vector.text("comment"))
        #expect(key.publicLine == (try vector.text("public")))
        #expect(key.privateFile.text == (try vector.text("private")))
    }

    @Test(
        "a comment is one line", arguments: ["a\nb", "a\rb", "a\0b", "\u{1b}[2J", String(repeating: "x", count: 256)])
    func comments(comment: String) {
        let error = #expect(throws: KinError.self) {
            try SSHKey(VaultVectors.ed25519(VaultPath.ssh()), comment: comment)
        }
        #expect(error?.code == "ssh_comment")
    }

    @Test("ssh-keygen reads the private file and says the same public key", arguments: ["laptop@home", "", "x y"])
    func keygen(comment: String) throws {
        let folder = try TemporaryFolder()
        let key = try SSHKey(VaultVectors.ed25519(VaultPath.ssh()), comment: comment)
        try Tool.writePrivate(key.privateFile.text, to: folder.file("key"))
        let answer = try Tool.run("ssh-keygen", ["-y", "-f", folder.file("key")])
        #expect(answer.status == 0)
        #expect(answer.output.trimmingCharacters(in: .newlines) == key.publicLine)
    }

    @Test("a real sshd takes it as host key and as login key")
    func login() async throws {
        let sshd = try SSHServer(key: SSHKey(VaultVectors.ed25519(VaultPath.ssh()), comment: "laptop"))
        defer { sshd.stop() }
        let answer = try await sshd.login()
        #expect(answer.status == 0, "\(answer.errors)\n\(sshd.log)")
        #expect(answer.output == "in\n")

        let other = try SSHKey(VaultVectors.ed25519(VaultPath.deviceIdentity()), comment: "stranger")
        let refused = try await sshd.login(with: other)
        #expect(refused.status != 0)
        #expect(refused.errors.contains("Permission denied"))
    }
}

/// Programs of the system.
enum Tool {
    struct Answer: Sendable {
        let status: Int32
        let output, errors: String
    }

    /// Where a program is, besides the places that PATH names.
    static func find(_ name: String) throws -> String {
        let places =
            (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") + ["/usr/sbin", "/usr/bin"]
        return try places.map { "\($0)/\(name)" }.first(where: FileManager.default.isExecutableFile)
            .orThrow("\(name), which scripts/setup installs,")
    }

    static func run(_ name: String, _ arguments: [String]) throws -> Answer {
        let process = Process()
        process.executableURL = URL(filePath: try find(name))
        process.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Answer(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: said, as: UTF8.self))
    }

    static func writePrivate(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }
}

/// A real sshd on a loopback port, which knows one key: its own.
struct SSHServer {
    private let folder: TemporaryFolder
    private let process = Process()
    private let port: Int

    init(key: SSHKey) throws {
        folder = try TemporaryFolder()
        port = try Self.freePort()
        try Tool.writePrivate(key.privateFile.text, to: folder.file("key"))
        try Tool.writePrivate(key.publicLine + "\n", to: folder.file("authorized_keys"))
        try Tool.writePrivate("[127.0.0.1]:\(port) \(key.publicLine)\n", to: folder.file("known_hosts"))
        let options = [
            "HostKey=\(folder.file("key"))", "AuthorizedKeysFile=\(folder.file("authorized_keys"))",
            "ListenAddress=127.0.0.1", "Port=\(port)", "PidFile=none", "StrictModes=no", "UsePAM=no",
            "PasswordAuthentication=no", "KbdInteractiveAuthentication=no", "PermitRootLogin=prohibit-password",
            "PubkeyAcceptedAlgorithms=ssh-ed25519",
        ]
        // sshd wants this folder and is not told where else it could be.
        if getuid() == 0 {
            try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        }
        // sshd closes every descriptor, that by which `Process` learns of an end too: a shell stands in between.
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments =
            ["-c", #""$@" & echo $! > "$0"; wait"#, folder.file("pid"), try Tool.find("sshd")]
            + ["-D", "-f", "/dev/null", "-E", folder.file("log")] + options.flatMap { ["-o", $0] }
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    func stop() {
        let text = try? String(contentsOfFile: folder.file("pid"), encoding: .utf8)
        guard let identifier = pid_t(text?.trimmingCharacters(in: .newlines) ?? "") else { return }
        // Both start with the signals blocked that this thread blocks.
        for identifier in [identifier, process.processIdentifier] { kill(identifier, SIGKILL) }
    }

    /// Runs a command over SSH, with the server's own key unless another is given.
    func login(with other: SSHKey? = nil) async throws -> Tool.Answer {
        let key = other == nil ? folder.file("key") : folder.file("other")
        if let other { try Tool.writePrivate(other.privateFile.text, to: key) }
        let arguments = [
            "-F", "/dev/null", "-i", key, "-p", "\(port)", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o",
            "StrictHostKeyChecking=yes", "-o", "UserKnownHostsFile=\(folder.file("known_hosts"))", "-o",
            "HostKeyAlgorithms=ssh-ed25519", "\(NSUserName())@127.0.0.1", "echo in",
        ]
        for _ in 0..<100 {
            let answer = try Tool.run("ssh", arguments)
            guard answer.errors.contains("Connection refused"), process.isRunning else { return answer }
            try await Task.sleep(for: .milliseconds(50))
        }
        return try Tool.run("ssh", arguments)
    }

    private static func freePort() throws -> Int {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(probe) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(probe, address, length) == 0 && getsockname(probe, address, &length) == 0
            }
        }
        guard bound else { throw MissingValue("a free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
