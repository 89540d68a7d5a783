import KinEncoding
import KinRelay
import KinWebSocket
import KinWire
import Logging
import Synchronization

/// The relay's sockets over `RelayState`: nothing is kept but what live connections said. Links are in `RelayService+links.swift`.
final class RelayService: Sendable {
    struct State {
        var relay: RelayState
        var door: ConnectionDoor
        /// Control connections.
        var connections: [UInt64: WebSocketConnection] = [:]
        /// Slots taken for sockets that are not open yet, and since when. One that never opens is heard of no more.
        var unopened: [UInt64: Int64] = [:]
        var sockets: [UInt64: SpliceSocket] = [:]
        var ids: [ObjectIdentifier: UInt64] = [:]
        var lastConnection: UInt64 = 0
        var generator: any RandomNumberGenerator & Sendable
    }

    /// How long an upgrade may take.
    private static let openingMilliseconds: Int64 = 10_000

    let limits: RelayLimits
    let state: Mutex<State>
    let metrics: RelayMetrics
    let logger: Logger
    /// Milliseconds of a clock that never runs backwards.
    let now: @Sendable () -> Int64
    /// Versions of before a restart are none of after it.
    private let epoch: UInt64

    /// - Parameter generator: of what nobody may guess.
    init(
        limits: RelayLimits = RelayLimits(), metrics: RelayMetrics = RelayMetrics(), logger: Logger,
        generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        now: @escaping @Sendable () -> Int64 = RelayService.steadyClock()
    ) {
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
        self.now = now
        var generator = generator
        epoch = generator.next()
        state = Mutex(
            State(relay: RelayState(limits: limits), door: ConnectionDoor(limits: limits), generator: generator))
    }

    /// Milliseconds since it was made; whatever is done to the time of day.
    static func steadyClock() -> @Sendable () -> Int64 {
        let start = ContinuousClock.now
        return {
            let passed = (ContinuousClock.now - start).components
            return passed.seconds * 1000 + passed.attoseconds / 1_000_000_000_000_000
        }
    }

    /// Whether a new connection from this address is taken now.
    func enter(from address: String) -> ConnectionDoor.Answer {
        let time = now()
        return state.withLock { $0.door.enter(address, now: time) }
    }

    /// A connection that entered has ended.
    func leave(_ address: String) { state.withLock { $0.door.leave(address) } }

    /// Connections of all kinds.
    var openConnections: Int { state.withLock { $0.door.count } }

    /// What a route id shows, as an entity tag (RFC 9110 §8.8.3), and where the reader has not `known` it, the entries.
    /// - Returns: nil for what is no route id.
    func reading(of route: String, known: Set<String>) -> (tag: String, entries: [RegistryEntry]?)? {
        let time = now()
        let reading = state.withLock { state in
            state.relay.reading(of: route, unless: { !known.isEmpty && known.contains(tag($0)) }, now: time)
        }
        // Only route ids show anything.
        guard reading.version > 0 || RegistrationRequest.isRoute(route) else { return nil }
        return (tag(reading.version), reading.entries)
    }

    private func tag(_ version: UInt64) -> String {
        "\"\(String(epoch, radix: 16))-\(String(version, radix: 16))\""
    }

    func figures() -> RelayFigures { state.withLock { $0.relay.figures } }

    /// Ends what is over.
    func sweep() {
        let time = now()
        let over = state.withLock { state in
            for (id, since) in state.unopened where time - since >= Self.openingMilliseconds {
                state.unopened[id] = nil
                _ = state.relay.disconnect(id, now: time)
            }
            return state.relay.sweep(now: time).map { (state.sockets[$0.connection], $0.why) }
        }
        for (socket, why) in over {
            metrics.linkEnds[why.reason].add()
            socket?.end(why)
        }
    }

    // MARK: Control sockets

    /// Takes a slot for a connection about to be upgraded.
    func register(_ request: RegistrationRequest, from address: String) -> Result<ControlEndpoint, RelayRefusal> {
        let time = now()
        let (id, outcome) = state.withLock { state -> (UInt64, ConnectOutcome) in
            let id = state.nextConnection()
            let outcome = state.relay.connect(request, connection: id, from: address, now: time)
            if case .accepted = outcome { state.unopened[id] = time }
            return (id, outcome)
        }
        let device = Self.short(request.machineID)
        switch outcome {
        case .accepted(let replaced, let isFlapping):
            metrics.registrations[replaced == nil ? "new" : "replaced"].add()
            if replaced == nil {
                logger.info("registered", metadata: ["device": device])
            } else {
                logger.info("registration_replaced", metadata: ["device": device])
            }
            if isFlapping { logger.warning("agent_flap", metadata: ["device": device]) }
            if let replaced { replace(replaced) }
            return .success(ControlEndpoint(id: id, device: request.machineID, service: self))
        case .refused(let status, let code, let message):
            metrics.refusals[code].add()
            logger.info("registration_refused", metadata: ["device": device, "code": .string(code)])
            return .failure(RelayRefusal(status: status, code: code, message: message))
        }
    }

    func opened(_ connection: WebSocketConnection, id: UInt64) {
        state.withLock { state in
            state.unopened[id] = nil
            state.connections[id] = connection
        }
        connection.send(.text(String(decoding: RelayMessage.ready.canonicalBytes(), as: UTF8.self)))
    }

    func received(_ text: String, from id: UInt64) {
        guard case .registry(let blob)? = try? RelayMessage(json: Array(text.utf8)) else {
            return refuseMessage(of: id, code: 1008, reason: "invalid_message")
        }
        let time = now()
        switch state.withLock({ $0.relay.publish(blob, from: id, now: time) }) {
        case .published: metrics.published.add()
        case .unknownConnection: break
        case .tooLarge: refuseMessage(of: id, code: 1009, reason: "record_too_large")
        case .overMemory: refuseMessage(of: id, code: 1013, reason: "relay_full")
        }
    }

    /// A message of which this much is there takes room until it is whole.
    func holds(_ bytes: Int, from id: UInt64) {
        guard !state.withLock({ $0.relay.hold(bytes, of: id) }) else { return }
        refuseMessage(of: id, code: 1013, reason: "relay_full")
    }

    /// Of one that was replaced no line is written: its device is there.
    func closed(_ id: UInt64, device: MachineID) {
        let time = now()
        let (heldSlot, waiting) = state.withLock { state in
            state.connections[id] = nil
            let (heldSlot, waiting) = state.relay.disconnect(id, now: time)
            return (heldSlot, waiting.compactMap { state.sockets[$0] })
        }
        if heldSlot { logger.info("unregistered", metadata: ["device": Self.short(device)]) }
        for socket in waiting { refuse(socket, .deviceOffline) }
    }

    func refuseMessage(of id: UInt64, code: UInt16, reason: String) {
        metrics.controlRefusals[reason].add()
        state.withLock { $0.connections[id] }?.close(code: code, reason: reason)
    }

    /// A newer connection has the slot: whoever waits for an answer of this one waits in vain.
    private func replace(_ id: UInt64) {
        let (connection, waiting) = state.withLock { state in
            (state.connections[id], state.relay.abandon(control: id).compactMap { state.sockets[$0] })
        }
        let code = CloseCode.replacedByNewerConnection
        connection?.close(code: code.rawValue, reason: code.reason)
        for socket in waiting { refuse(socket, .deviceOffline) }
    }

    /// Ids are cut in log lines.
    static func short(_ id: MachineID) -> Logger.MetadataValue { .string(String(id.description.prefix(8))) }
}

extension RelayService.State {
    mutating func nextConnection() -> UInt64 {
        lastConnection += 1
        return lastConnection
    }
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
        case .binary: service.refuseMessage(of: id, code: 1003, reason: "text_expected")
        }
    }

    func webSocket(_ connection: WebSocketConnection, holds unfinishedBytes: Int) {
        service.holds(unfinishedBytes, from: id)
    }

    func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) {
        service.closed(id, device: device)
    }
}
