import KinIdentity
import KinWire
import Logging
import Synchronization

extension LocalAPI {
    /// The local API of a daemon, on its Unix socket and where else it is wanted.
    /// - Parameters:
    ///   - port: learns where it is reached over TCP.
    ///   - onReady: called once, when it answers everywhere.
    /// - Throws: `socket_path_too_long`.
    init(
        _ home: DaemonHome, _ routes: DaemonRoutes, port tcpPort: LocalPort, onReady: @escaping @Sendable () -> Void
    ) throws {
        let (state, logger) = (home.state, home.logger)
        let path = DaemonPaths.socket(in: state)
        // sun_path holds 108 bytes on Linux and 104 on macOS, its end mark included.
        guard path.utf8.count < 104 else {
            throw KinError(
                "socket_path_too_long", "\(path) is too long for a Unix socket: set KINDRED_HOME to a shorter path",
                category: .usage)
        }
        var places: [LocalListener.Place] = [.socket(path: path)]
        if case .tcp(let port) = home.listen { places.append(.tcp(port: port)) }
        let ready = LocalListeners(places.count, onReady: onReady)
        let table = RouteTable(DaemonRoutes.table)
        let listeners = places.map { place in
            LocalListener(place: place, responder: LocalResponder(home, routes, table, at: place)) { port in
                if let port {
                    tcpPort.value = port
                    do {
                        try StateFolder.write(Array("\(port)\n".utf8), to: DaemonPaths.port(in: state), mode: 0o644)
                    } catch {
                        logger.warning(
                            "port_unwritten",
                            metadata: ["port": .stringConvertible(port), "error": .string("\(error)")])
                    }
                }
                ready.oneIsReady()
            }
        }
        self.init(listeners, events: home.events)
    }
}

extension LocalResponder {
    fileprivate init(_ home: DaemonHome, _ routes: DaemonRoutes, _ table: RouteTable, at place: LocalListener.Place) {
        let isSocket = if case .socket = place { true } else { false }
        self.init(
            routes: routes, table: table,
            gate: RequestGate(
                listener: isSocket ? .socket : .tcp, tokens: home.tokens, settings: home.settings.localAPI,
                flow: RequestFlow(isSocket ? .socket : .tcp), now: home.now),
            refused: home.refused, requests: home.metrics.requests, logger: home.logger)
    }
}

/// The port of the local API, once it is known.
final class LocalPort: Sendable {
    private let port = Mutex<Int?>(nil)

    var value: Int? {
        get { port.withLock { $0 } }
        set { port.withLock { $0 = newValue } }
    }
}
