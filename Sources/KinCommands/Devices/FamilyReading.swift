import KinClient
import KinDaemon
import KinDaemonAPI
import KinIdentity
import KinServer
import KinWire

/// The family's devices by way of the daemon, or without one.
struct FamilyReading: Sendable {
    private let daemon: LocalDaemon
    private let trustRoots: String?

    init(_ context: CommandContext) throws {
        daemon = try .of(context)
        trustRoots = context.environment["SSL_CERT_FILE"]
    }

    /// - Parameter isRepeated: that no daemon runs was said before.
    func read(_ output: Output, isRepeated: Bool = false) async throws -> DeviceList {
        if let client = await daemon.answering() { return try await client.devices() }
        let installation = try Installation(daemon.state)
        if !isRepeated { output.note("no daemon runs here, so the servers are asked directly", .dim) }
        var servers = try DaemonSettings(reading: daemon.state).servers
        if servers.isEmpty { servers = ["http://\(ListenAddress.standard)"] }
        let reader = try DeviceReader(installation: installation, servers: servers, trustRoots: trustRoots)
        let found = try await reader.directory()
        guard found.unreachable.count < servers.count || !found.directory.isEmpty else {
            throw KinError(
                "no_server_answers",
                "\(found.unreachable.joined(separator: "; ")). No device was seen before, so none can be shown: start the daemon here with  kin up, or the server",
                category: .unreachable, retryable: true)
        }
        return DeviceList(
            found.directory, me: installation.machineID, isRunning: false, new: found.new,
            unreachable: found.unreachable)
    }
}
