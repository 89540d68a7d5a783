import Foundation
import KinBroker
import KinBrokerSQLite
import KinIdentity
import KinKeyStore
import KinSQLite
import KinWire
import Logging

/// The durable half of a server: the broker with its store, files and API keys, in a folder that is its alone.
struct HostedBroker: Sendable {
    let routes: BrokerRoutes
    private let configuration: ServerConfiguration
    private let lock: FileLock
    private let store: SQLiteBrokerStore
    private let keys: SQLiteAPIKeyStore
    private let sweep: BlobSweep

    /// - Throws: `KinError` with what to change: `data_in_use`, `origin_…`, `store_…`.
    static func open(
        _ configuration: ServerConfiguration, _ metrics: ServerMetrics, _ logger: Logger,
        now: @escaping @Sendable () -> Int64
    ) throws -> HostedBroker {
        let lock = try lockData(configuration)
        let store = try openStore(configuration, metrics, logger)
        do {
            let keys = try openKeys(configuration)
            do {
                return try HostedBroker(configuration, lock, store, keys, metrics, logger, now: now)
            } catch {
                keys.close()
                throw error
            }
        } catch {
            store.close()
            throw error
        }
    }

    private init(
        _ configuration: ServerConfiguration, _ lock: FileLock, _ store: SQLiteBrokerStore, _ keys: SQLiteAPIKeyStore,
        _ metrics: ServerMetrics, _ logger: Logger, now: @escaping @Sendable () -> Int64
    ) throws {
        (self.configuration, self.lock, self.store, self.keys) = (configuration, lock, store, keys)
        let broker = try Broker(
            store: store, verifier: IdentityVerifier(), policy: try Self.policy(configuration), now: now,
            metrics: metrics.broker, audit: { Self.audit($0, logger) },
            onRefusal: { logger.info("session_refused", metadata: ["code": .string($0)]) })
        let files = BlobFiles(root: configuration.data + "/blobs")
        sweep = BlobSweep(store: store, files: files, logger: logger, now: now)
        sweep.start()
        let requests = AuthorizedRequests(
            callers: Self.callers(configuration, broker, keys, now), metrics: metrics, logger: logger)
        routes = BrokerRoutes(
            broker: broker, store: store, requests: requests,
            blobs: BlobRoutes(
                broker: broker, store: store, files: files, requests: requests, metrics: metrics,
                patience: configuration.blobs.patience),
            metrics: metrics)
    }

    /// With port 0 the origins are known only now.
    func bound(to port: Int) {
        if let origins = try? ServerOrigins.of(configuration, port: port) { routes.broker.accept(origins: origins) }
    }

    func tick() async {
        routes.broker.tick()
        await sweep.tick()
    }

    func close() {
        keys.close()
        withExtendedLifetime(lock) { store.close() }
    }

    /// A line for whoever looks for copied homes: each time, whatever the policy.
    private static func audit(_ event: ConcurrentConnection, _ logger: Logger) {
        logger.notice(
            "member_concurrent_connection",
            metadata: [
                "mesh": .string(event.member.mesh.description), "member": .string(event.member.member.description),
                "policy": .string(event.policy.rawValue), "outcome": .string(event.outcome.rawValue),
            ])
    }

    /// One server a data folder: a second one's messages would be skipped by the first one's cursors.
    private static func lockData(_ configuration: ServerConfiguration) throws -> FileLock {
        do {
            return try FileLock(configuration.data + "/lock")
        } catch let taken as FileLock.Taken {
            throw KinError(
                "data_in_use",
                "another kin serve uses \(configuration.data)\(taken.pid.map { " (process \($0))" } ?? ""): stop it, or name another folder with --data",
                category: .conflict)
        }
    }

    private static func openStore(
        _ configuration: ServerConfiguration, _ metrics: ServerMetrics, _ logger: Logger
    ) throws -> SQLiteBrokerStore {
        do {
            return try SQLiteBrokerStore(
                path: configuration.data + "/broker.db", onCommit: { metrics.committed($0, in: $1) }
            ) { refusal in
                metrics.storeChanged(refusal)
                guard let refusal else { return logger.notice("storage_restored") }
                logger.error(
                    "storage_refuses",
                    metadata: ["code": .string(refusal.code.rawValue), "reason": .string(refusal.message)])
            }
        } catch let error as StoreError {
            let advice = error.code == .corrupt ? ": restore it from a backup, or move it away to start afresh" : ""
            throw KinError(error.code.rawValue, error.message + advice)
        }
    }

    private static func openKeys(_ configuration: ServerConfiguration) throws -> SQLiteAPIKeyStore {
        do {
            return try SQLiteAPIKeyStore(path: ServerAPIKeys.path(in: configuration.data))
        } catch let error as StoreError {
            throw KinError(error.code.rawValue, error.message)
        }
    }

    /// Whoever the HTTP API knows: members by their keys, programs by API keys.
    private static func callers(
        _ configuration: ServerConfiguration, _ broker: Broker, _ keys: SQLiteAPIKeyStore,
        _ now: @escaping @Sendable () -> Int64
    ) -> Callers {
        let verifier = TokenVerifier(startedAt: now(), acceptsBare: configuration.auth.acceptBareTokens)
        let members = MemberKeys(broker: broker)
        return Callers(
            providers: IdentityProviders([
                TokenIdentities(
                    verifier: verifier, audiences: { broker.origins.map { .server(origin: $0) } },
                    find: { keyID, _ in members.key(keyID) }),
                APIKeyIdentities { hash in
                    let record = try keys.record(hash: hash)
                    if let record, record.state(now: now()) == .active { keys.noteUse(of: record, now: now()) }
                    return record
                },
            ]), now: now)
    }

    private static func policy(_ configuration: ServerConfiguration) throws -> BrokerPolicy {
        let admission: BrokerPolicy.Admission =
            switch configuration.admission {
            case .automatic: configuration.listen.isLoopback ? .open : .wallets([])
            case .open: .open
            case .wallets(let wallets): .wallets(wallets)
            }
        return BrokerPolicy(
            admission: admission, origins: try ServerOrigins.of(configuration, port: configuration.listen.port),
            blobBytes: configuration.blobs.fileBytes, blobs: .init(total: configuration.blobs.totalBytes))
    }
}
