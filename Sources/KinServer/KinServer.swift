import Foundation
import Hummingbird
import KinBroker
import KinBrokerSQLite
import KinIdentity
import KinKeyStore
import KinRelay
import KinSQLite
import KinWebSocket
import KinWire
public import Logging
import NIOCore
import NIOSSL
public import ServiceLifecycle

/// What `kin serve` runs: the stateless relay and the durable broker on one port.
public struct KinServer: Service {
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) -> Void

    /// - Parameter onListening: called once, when connections are accepted.
    public init(
        _ configuration: ServerConfiguration, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until graceful shutdown.
    /// - Throws: `KinError` with what to change: `plain_not_loopback`, `origin_unknown`, `port_taken`, `store_…`.
    public func run() async throws {
        try checkExposure()
        let lock = try lockData()
        let metrics = ServerMetrics()
        let store = try openStore(metrics)
        defer { withExtendedLifetime(lock) { store.close() } }
        let keys = try openKeys()
        defer { keys.close() }
        let now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
        let broker = try Broker(
            store: store, verifier: IdentityVerifier(), policy: try policy(port: configuration.listen.port), now: now,
            metrics: metrics.broker, audit: audit,
            onRefusal: { [logger] in logger.info("session_refused", metadata: ["code": .string($0)]) })
        let relay = RelayService(metrics: metrics.relay, logger: logger, now: now)
        let connections = WebSocketConnections()
        let files = BlobFiles(root: configuration.data + "/blobs")
        let sweep = BlobSweep(store: store, files: files, logger: logger, now: now)
        sweep.start()
        let requests = AuthorizedRequests(callers: callers(broker, keys, now), metrics: metrics, logger: logger)
        let routes = ServerRoutes(
            relay: relay, broker: broker, store: store, connections: connections, requests: requests,
            blobs: BlobRoutes(
                broker: broker, store: store, files: files, requests: requests, metrics: metrics,
                patience: configuration.blobs.patience),
            metrics: metrics, access: MetricsAccess(configuration), logger: logger)
        let application = try application(routes, broker)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await tick(broker, relay, sweep) }
                try await withGracefulShutdownHandler {
                    try await application.run()
                } onGracefulShutdown: {
                    connections.closeAll(code: CloseCode.goingAway.rawValue, reason: CloseCode.goingAway.reason)
                }
                group.cancelAll()
            }
            logger.notice("stopped")
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw KinError(
                "port_taken",
                "\(configuration.listen) is taken by another program: stop it, or choose another with --listen HOST:PORT",
                category: .conflict)
        } catch let error as IOError {
            throw KinError("listen_failed", "\(configuration.listen) cannot be listened on: \(error)")
        }
    }

    /// A line for whoever looks for copied homes: each time, whatever the policy.
    private func audit(_ event: ConcurrentConnection) {
        logger.notice(
            "member_concurrent_connection",
            metadata: [
                "mesh": .string(event.member.mesh.description), "member": .string(event.member.member.description),
                "policy": .string(event.policy.rawValue), "outcome": .string(event.outcome.rawValue),
            ])
    }

    private func application(_ routes: ServerRoutes, _ broker: Broker) throws -> some ApplicationProtocol {
        let configuration = configuration
        let onListening = onListening
        let logger = logger
        return Application(
            router: routes.router(),
            server: .http1WebSocketUpgrade(tls: try tlsConfiguration()) { routes.upgrade($0, $1) },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.listen.host, port: configuration.listen.port)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? configuration.listen.port
                // With port 0 the origins are known only now.
                if let origins = try? ServerOrigins.of(configuration, port: port) { broker.accept(origins: origins) }
                logger.info("listening", metadata: ["address": .string("\(configuration.listen.host):\(port)")])
                onListening(port)
            },
            logger: Logger(label: "http") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Wakes what waits for time to pass.
    private func tick(_ broker: Broker, _ relay: RelayService, _ sweep: BlobSweep) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            broker.tick()
            relay.sweep()
            await sweep.tick()
        }
    }

    private func checkExposure() throws {
        guard configuration.tls == nil, !configuration.listen.isLoopback else { return }
        throw KinError(
            "plain_not_loopback",
            "without TLS only loopback is served: add  --tls-cert FILE --tls-key FILE, or listen on 127.0.0.1",
            category: .usage)
    }

    /// One server a data folder: a second one's messages would be skipped by the first one's cursors.
    private func lockData() throws -> FileLock {
        do {
            return try FileLock(configuration.data + "/lock")
        } catch let taken as FileLock.Taken {
            throw KinError(
                "data_in_use",
                "another kin serve uses \(configuration.data)\(taken.pid.map { " (process \($0))" } ?? ""): stop it, or name another folder with --data",
                category: .conflict)
        }
    }

    private func openStore(_ metrics: ServerMetrics) throws -> SQLiteBrokerStore {
        do {
            return try SQLiteBrokerStore(
                path: configuration.data + "/broker.db", onCommit: { metrics.committed($0, in: $1) }
            ) { [logger] refusal in
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

    private func openKeys() throws -> SQLiteAPIKeyStore {
        do {
            return try SQLiteAPIKeyStore(path: ServerAPIKeys.path(in: configuration.data))
        } catch let error as StoreError {
            throw KinError(error.code.rawValue, error.message)
        }
    }

    /// Whoever the HTTP API knows: members by their keys, programs by API keys.
    private func callers(
        _ broker: Broker, _ keys: SQLiteAPIKeyStore, _ now: @escaping @Sendable () -> Int64
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

    private func policy(port: Int) throws -> BrokerPolicy {
        let admission: BrokerPolicy.Admission =
            switch configuration.admission {
            case .automatic: configuration.listen.isLoopback ? .open : .wallets([])
            case .open: .open
            case .wallets(let wallets): .wallets(wallets)
            }
        return BrokerPolicy(
            admission: admission, origins: try ServerOrigins.of(configuration, port: port),
            blobBytes: configuration.blobs.fileBytes, blobs: .init(total: configuration.blobs.totalBytes))
    }

    private func tlsConfiguration() throws -> TLSConfiguration? {
        guard let files = configuration.tls else { return nil }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map {
                NIOSSLCertificateSource.certificate($0)
            }
            let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
            return .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        } catch {
            throw KinError(
                "tls_files_invalid",
                "\(files.certificate) and \(files.key) are no PEM certificate and key that can be read",
                category: .usage)
        }
    }
}
