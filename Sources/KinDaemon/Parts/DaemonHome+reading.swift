import KinClient
import KinCrypto
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinMailbox
import KinWire
import Logging

// How what it holds is read and opened.

extension DaemonHome {
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
            throw DaemonCore.certificateEnded
        } catch {
            throw KinError(
                "own_chain_invalid",
                "this device's certificate is not valid (\(error)): check the clock, or enrol again with kin wallet import",
                category: .refused)
        }
    }

    static func outbox(
        _ state: StateFolder, _ settings: OutboxSettings, _ events: EventHub, _ logger: Logger
    ) throws -> OutboxStore {
        try OutboxStore(
            path: DaemonPaths.outbox(in: state), maxBytes: settings.maxBytes,
            pressureHigh: { used, limit in
                logger.warning("outbox_pressure_high", metadata: ["bytes": .stringConvertible(used)])
                let data: [String: JSON] = ["bytes": .integer(used), "max_bytes": .integer(limit)]
                events.publish(DaemonEvent(kind: .outboxPressureHigh, data: .object(data)))
            }
        ) { Random.bytes(8) }
    }

    static func inbox(
        _ state: StateFolder, _ settings: InboxSettings, _ logger: Logger, now: Int64
    ) throws -> InboxStore {
        let opening = try InboxStore.open(path: DaemonPaths.inbox(in: state), isIndexed: settings.isIndexed, now: now)
        if let path = opening.setAside {
            logger.warning("inbox_corruption_recovered", metadata: ["set_aside": .string(path)])
        }
        return opening.store
    }

    static func fileStore(_ state: StateFolder, _ logger: Logger, now: Int64) throws -> FileStore {
        let opening = try FileStore.open(path: DaemonPaths.files(in: state), now: now)
        if let path = opening.setAside {
            logger.warning("files_corruption_recovered", metadata: ["set_aside": .string(path)])
        }
        return opening.store
    }

    static func family(_ installation: Installation, now: Int64) throws -> Family {
        var directory = Directory(installation: installation, aliases: try Aliases(reading: installation.state))
        directory.restore(try DeviceCache.read(installation.state), now: now)
        return Family(installation, directory: directory)
    }
}
