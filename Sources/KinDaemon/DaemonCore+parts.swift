import KinClient
import KinCrypto
import KinIdentity
import KinWire

// What a daemon's parts are made from.

extension DaemonCore {
    /// What was told wins over what is kept, and is kept for the next start.
    static func settings(_ options: DaemonOptions) throws -> DaemonSettings {
        var settings = try DaemonSettings(reading: options.state)
        let kept = settings
        if let name = options.name { settings.name = name }
        if !options.servers.isEmpty { settings.servers = options.servers }
        _ = try servers(settings)
        guard settings != kept else { return settings }
        try settings.write(to: options.state)
        // Its lines have moved.
        return try DaemonSettings(reading: options.state)
    }

    static func servers(_ settings: DaemonSettings) throws -> [ServerAddress] {
        if settings.servers.isEmpty { return [try ServerAddress.local(port: LocalServer.port)] }
        let servers = try settings.servers.map { try ServerAddress($0) }
        for (index, server) in servers.enumerated() where servers[..<index].contains(server) {
            throw KinError("server_twice", "\(server) is named twice: name each server once", category: .usage)
        }
        return servers
    }

    static func member(_ installation: Installation, now: Int64) throws -> VerifiedMember {
        do {
            let member = try ChainVerifier(mesh: installation.mesh).verify(installation.chain, now: now)
            if let entry = installation.revokedBy { throw RevocationKeeper.ended(by: entry, of: member.member) }
            return member
        } catch let error as KinError {
            throw error
        } catch ChainFault.expired {
            throw certificateEnded
        } catch {
            throw KinError(
                "own_chain_invalid",
                "this device's certificate is not valid (\(error)): check the clock, or enrol again with kin wallet import",
                category: .refused)
        }
    }

    /// A mesh that followed another is another store, though one server has both: what was relayed in the mesh before and is not known to
    /// have arrived is sent again.
    static func storeIdentity(_ store: [UInt8], _ installation: Installation) -> [UInt8] {
        guard installation.previous != nil else { return store }
        return Array(Digest.sha256(store + Array(installation.mesh.description.utf8)).prefix(16))
    }

    static func family(_ installation: Installation, now: Int64) throws -> Family {
        var directory = Directory(installation: installation)
        directory.restore(try DeviceCache.read(installation.state), now: now)
        return Family(installation, directory: directory)
    }
}
