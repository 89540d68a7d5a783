import KinEncoding
import KinRelay
import KinWebSocket
import KinWire
import Logging
import Synchronization

/// The relay's sockets over `RelayRegistry`: nothing is kept but what live connections said.
final class RelayService: Sendable {
    private struct State {
        var registry: RelayRegistry
        var rate: ConnectionRate
        var connections: [UInt64: WebSocketConnection] = [:]
        var nextConnection: UInt64 = 1
    }

    let limits: RelayLimits
    private let state: Mutex<State>
    private let metrics: RelayMetrics
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64

    init(
        limits: RelayLimits = RelayLimits(), metrics: RelayMetrics = RelayMetrics(), logger: Logger,
        now: @escaping @Sendable () -> Int64
    ) {
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
        self.now = now
        state = Mutex(State(registry: RelayRegistry(limits: limits), rate: ConnectionRate(limits: limits)))
    }

    /// Whether a new connection from this address is allowed now.
    func allowsConnection(from address: String) -> Bool {
        let time = now()
        return state.withLock { $0.rate.allows(address, now: time) }
    }

    func entries(of route: String) -> [RegistryEntry] {
        let time = now()
        return state.withLock { $0.registry.entries(of: route, now: time) }
    }

    /// How many are connected, how many records are shown, and the bytes of both.
    func figures() -> (connected: Int, shown: Int, bytes: Int) {
        state.withLock { ($0.registry.liveRegistrations, $0.registry.shownRecords, $0.registry.bytesHeld) }
    }

    func sweep() {
        let time = now()
        state.withLock { $0.registry.sweep(now: time) }
    }

    /// Takes a slot for a connection about to be upgraded.
    func register(_ request: RegistrationRequest) -> Result<ControlEndpoint, RelayRefusal> {
        let time = now()
        let (id, outcome) = state.withLock { state -> (UInt64, ConnectOutcome) in
            let id = state.nextConnection
            state.nextConnection += 1
            return (id, state.registry.connect(request, connection: id, now: time))
        }
        let device = Logger.MetadataValue.string(String(request.machineID.description.prefix(8)))
        switch outcome {
        case .accepted(let replaced, let isFlapping):
            metrics.registrations[replaced == nil ? "new" : "replaced"].add()
            if replaced == nil {
                logger.info("registered", metadata: ["device": device])
            } else {
                logger.info("registration_replaced", metadata: ["device": device])
            }
            if isFlapping { logger.warning("agent_flap", metadata: ["device": device]) }
            if let replaced { close(replaced) }
            return .success(ControlEndpoint(id: id, device: request.machineID, service: self))
        case .refused(let status, let code, let message):
            metrics.refusals[code].add()
            logger.info("registration_refused", metadata: ["device": device, "code": .string(code)])
            return .failure(RelayRefusal(status: status, code: code, message: message))
        }
    }

    func opened(_ connection: WebSocketConnection, id: UInt64) {
        state.withLock { $0.connections[id] = connection }
        connection.send(.text(String(decoding: RelayMessage.ready.canonicalBytes(), as: UTF8.self)))
    }

    func received(_ text: String, from id: UInt64) {
        guard case .registry(let blob)? = try? RelayMessage(json: Array(text.utf8)) else {
            return close(id, code: 1008, reason: "invalid_message")
        }
        let time = now()
        switch state.withLock({ $0.registry.publish(blob, from: id, now: time) }) {
        case .published: metrics.published.add()
        case .unknownConnection: break
        case .tooLarge: close(id, code: 1009, reason: "record_too_large")
        case .overMemory: close(id, code: 1013, reason: "relay_full")
        }
    }

    func closed(_ id: UInt64, device: MachineID) {
        let time = now()
        state.withLock { state in
            state.connections[id] = nil
            state.registry.disconnect(id, now: time)
        }
        logger.info("unregistered", metadata: ["device": .string(String(device.description.prefix(8)))])
    }

    private func close(_ id: UInt64, code: UInt16 = CloseCode.replacedByNewerConnection.rawValue, reason: String? = nil)
    {
        let connection = state.withLock { $0.connections[id] }
        connection?.close(code: code, reason: reason ?? CloseCode.replacedByNewerConnection.reason)
    }
}

/// Why a control socket is refused.
struct RelayRefusal: Error {
    var status: Int
    var code: String
    var message: String
}

/// One device's control socket.
final class ControlEndpoint: WebSocketDelegate {
    private let id: UInt64
    private let device: MachineID
    private let service: RelayService

    init(id: UInt64, device: MachineID, service: RelayService) {
        self.id = id
        self.device = device
        self.service = service
    }

    func opened(_ connection: WebSocketConnection) { service.opened(connection, id: id) }

    func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage) {
        switch message {
        case .text(let text): service.received(text, from: id)
        case .binary: connection.close(code: 1003, reason: "text_expected")
        }
    }

    func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) {
        service.closed(id, device: device)
    }
}
