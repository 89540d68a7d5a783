import Foundation
import Hummingbird
import KinRelay
import KinWebSocket
import KinWire
public import Logging
import NIOCore
import NIOSSL
public import ServiceLifecycle

/// What `kin serve` runs: the stateless relay and the durable broker on one port, or the relay alone, which writes nothing.
public struct KinServer: Service {
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let onListening: @Sendable (_ port: Int) -> Void

    /// - Parameters:
    ///   - onListening: called once, when connections are accepted.
    ///   - now: the time of day, for the broker: milliseconds since 1970.
    public init(
        _ configuration: ServerConfiguration, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in },
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
    ) {
        self.now = now
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until graceful shutdown.
    /// - Throws: `KinError` with what to change: `plain_not_loopback`, `origin_unknown`, `port_taken`, `store_…`.
    public func run() async throws {
        try checkExposure()
        let metrics = ServerMetrics()
        let hosted = configuration.relayOnly ? nil : try HostedBroker.open(configuration, metrics, logger, now: now)
        defer { hosted?.close() }
        let relay = RelayService(limits: relayLimits(), metrics: metrics.relay, logger: logger)
        let connections = WebSocketConnections()
        let routes = ServerRoutes(
            relay: relay, times: configuration.times, hosted: hosted?.routes, connections: connections,
            metrics: metrics,
            access: MetricsAccess(configuration), logger: logger)
        let application = try application(routes, hosted)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await tick(relay, hosted) }
                try await withGracefulShutdownHandler {
                    try await application.run()
                } onGracefulShutdown: {
                    connections.closeAll(code: CloseCode.goingAway.rawValue, reason: CloseCode.goingAway.reason)
                }
                // Of WebSockets the HTTP server knows nothing any more; nor does it shut down gracefully where it is cancelled.
                connections.closeAll(code: CloseCode.goingAway.rawValue, reason: CloseCode.goingAway.reason)
                await connections.closed()
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

    private func application(_ routes: ServerRoutes, _ hosted: HostedBroker?) throws -> some ApplicationProtocol {
        let configuration = configuration
        let onListening = onListening
        let logger = logger
        return Application(
            router: routes.router(),
            server: .http1WebSocketUpgrade(
                configuration: .init(answerTimeout: TimeAmount(configuration.times.answer)),
                tls: try tlsConfiguration(), gate: routes.gate,
                immediate: routes.immediate
            ) { routes.upgrade($0, $1) },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.listen.host, port: configuration.listen.port)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? configuration.listen.port
                // With port 0 the origins are known only now.
                hosted?.bound(to: port)
                logger.info("listening", metadata: ["address": .string("\(configuration.listen.host):\(port)")])
                onListening(port)
            },
            logger: Logger(label: "http") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Some files are left for what is no connection: the store, blobs, the listener itself.
    private func relayLimits() -> RelayLimits {
        var limits = configuration.relay
        let files = OpenFiles.limit
        limits.connections = max(1, min(limits.connections, files - min(128, files / 4)))
        return limits
    }

    /// Wakes what waits for time to pass.
    private func tick(_ relay: RelayService, _ hosted: HostedBroker?) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            relay.sweep()
            await hosted?.tick()
        }
    }

    private func checkExposure() throws {
        guard configuration.tls == nil, !configuration.listen.isLoopback else { return }
        throw KinError(
            "plain_not_loopback",
            "without TLS only loopback is served: add  --tls-cert FILE --tls-key FILE, or listen on 127.0.0.1",
            category: .usage)
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
