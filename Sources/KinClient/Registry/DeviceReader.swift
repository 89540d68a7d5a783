import AsyncHTTPClient
import Foundation
public import KinIdentity
import KinWire

/// Reads the family from relays and the cache where no daemon runs.
public struct DeviceReader: Sendable {
    private let installation: Installation
    private let servers: [ServerAddress]
    private let trustRoots: String?

    /// - Parameters:
    ///   - servers: addresses as the user names them.
    ///   - trustRoots: a PEM file, or nil for what the system trusts.
    public init(installation: Installation, servers: [String], trustRoots: String?) throws {
        self.installation = installation
        self.servers = try servers.map { try ServerAddress($0) }
        self.trustRoots = trustRoots
    }

    /// The devices known, and which servers did not answer.
    public func directory() async throws -> (directory: Directory, new: [MachineID], unreachable: [String]) {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        var directory = Directory(installation: installation, aliases: try Aliases(reading: installation.state))
        directory.restore(try DeviceCache.read(installation.state), now: now)
        var new: [MachineID] = []
        var unreachable: [String] = []
        let http = HTTPClient(configuration: .relays(try TrustRoots.tls(trustRoots)))
        let reader = RegistryReader(http: http, routes: [installation.wallet.routeID])
        for server in servers {
            do {
                let merged = directory.merge(try await reader.entries(at: server), from: server, now: now)
                new += merged.new
            } catch let error as KinError {
                unreachable.append(error.message)
            }
        }
        try await http.shutdown()
        try DeviceCache.write(directory.cache, to: installation.state)
        return (directory, new, unreachable)
    }
}
