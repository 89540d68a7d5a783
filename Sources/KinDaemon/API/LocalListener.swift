import Foundation
import Hummingbird
import HummingbirdCore
import KinWire
import Logging
import NIOCore
import ServiceLifecycle

/// One place where the local API answers.
struct LocalListener: Service {
    /// Connections over TCP at once: whoever else uses this machine can open some, too.
    static let maxConnections = 256

    enum Place: Hashable, Sendable {
        case socket(path: String)
        /// On 127.0.0.1.
        /// - port: nil: the usual one where it is free, else any.
        case tcp(port: Int?)
    }

    let place: Place
    let responder: LocalResponder
    /// - Parameter port: of TCP.
    let onReady: @Sendable (_ port: Int?) -> Void

    /// - Throws: `port_taken`, `listen_failed`.
    func run() async throws {
        switch place {
        case .socket(let path):
            // The daemon's lock is held, so whatever is there is of a daemon that is gone.
            unlink(path)
            try await serve(.unixDomainSocket(path: path)) { _ in
                chmod(path, 0o600)
                onReady(nil)
            }
        case .tcp(let port): try await serve(port: port)
        }
    }

    private func serve(port: Int?) async throws {
        do {
            try await serve(on: port ?? LocalListen.defaultPort)
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            guard let port else { return try await serve(on: 0) }
            throw KinError(
                "port_taken",
                "127.0.0.1:\(port) is taken by another program: stop that, or choose another with --port N or [ipc] port in config.toml, or  --no-tcp",
                category: .conflict)
        } catch let error as IOError {
            throw KinError(
                "listen_failed", "127.0.0.1 cannot be listened on (\(error)):  --no-tcp  does without",
                category: .unreachable)
        }
    }

    private func serve(on port: Int) async throws {
        try await serve(.hostname("127.0.0.1", port: port)) { onReady($0.localAddress?.port) }
    }

    private func serve(_ address: BindAddress, onRunning: @escaping @Sendable (any Channel) -> Void) async throws {
        let responder = responder
        try await Application(
            responder: responder,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [
                        ConnectionWatch(isEndless: { $0.path == LocalCalls.path }, onUnread: responder.noteUnread)
                    ],
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 4 * RequestGate.maxHeadBytes,
                        maxHeaderListSize: 4 * RequestGate.maxHeadBytes,
                        maxHeaderFieldCount: 4 * RequestGate.maxHeaders))),
            configuration: ApplicationConfiguration(
                address: address,
                availableConnectionsDelegate: place.isTCP ? MaximumAvailableConnections(Self.maxConnections) : nil),
            onServerRunning: { onRunning($0) },
            logger: Logger(label: "http") { _ in SwiftLogNoOpLogHandler() }
        ).run()
    }
}

extension LocalListener.Place {
    fileprivate var isTCP: Bool {
        if case .tcp = self { true } else { false }
    }
}
