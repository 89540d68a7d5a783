import KinEncoding
import KinWire
import Synchronization

/// One daemon's connection to the broker.
///
/// Called from three sides: the connection's event loop (`received`, `readCompleted`, `closed`), the store's writer (answers to sends), and `Broker.tick`.
/// No call waits.
public final class BrokerSession: Sendable {
    let sink: any FrameSink
    private let broker: Broker
    private let opened: Int64

    private enum Phase {
        case opening(BrokerOpening)
        case joining
        case ready(Membership)
        case ended
    }

    private struct Membership {
        let hub: MeshHub
        let member: ULID
    }

    private struct State {
        var phase: Phase
        var gate = OrderGate()
        /// Sends of the read burst under way.
        var burst: [Submission] = []
        /// Bytes of sends given to the store and not answered.
        var bytesInStore = 0
        var isPaused = false
        /// nil until the member joined and its positions are known.
        var window: DeliveryWindow?
    }
    private let state: Mutex<State>

    /// Bytes of unanswered sends after which nothing more is read from the connection.
    static let maxBytesInStore = 1 << 20

    init(broker: Broker, sink: any FrameSink) {
        self.broker = broker
        self.sink = sink
        opened = broker.now()
        state = Mutex(State(phase: .opening(BrokerOpening(nonce: broker.verifier.random(32)))))
    }

    func start() {
        let nonce = state.withLock { state -> [UInt8] in
            if case .opening(let opening) = state.phase { opening.nonce } else { [] }
        }
        sink.send(.challenge(Challenge(nonce: nonce, serverTime: broker.now())))
    }

    // MARK: From the connection

    /// A binary message came.
    public func received(_ bytes: [UInt8]) {
        do {
            let frame = try ReceivedFrame(bytes)
            switch state.withLock({ $0.phase }) {
            case .opening: receivedWhileOpening(frame.message)
            case .joining:
                refuse(code: "invalid_message", message: "wait for ready before sending \(frame.message.type)")
            case .ready(let membership): received(frame, membership)
            case .ended: break
            }
        } catch {
            receivedGarbage(error)
        }
    }

    /// The read burst is over: its sends go to the store together.
    public func readCompleted() {
        let (burst, membership, pause) = state.withLock { state -> ([Submission], Membership?, Bool) in
            guard case .ready(let membership) = state.phase, !state.burst.isEmpty else { return ([], nil, false) }
            let burst = state.burst
            state.burst = []
            state.bytesInStore += burst.reduce(0) { $0 + $1.body.count }
            let pause = state.bytesInStore > Self.maxBytesInStore && !state.isPaused
            if pause { state.isPaused = true }
            return (burst, membership, pause)
        }
        guard let membership else { return }
        if pause { sink.pauseReading(true) }
        broker.store.accept(
            burst, from: membership.member, in: membership.hub.key, now: broker.now(),
            admit: { self.admit($0, membership.hub) },
            completion: { self.answer(burst, with: $0, membership) })
    }

    /// The connection is gone.
    public func closed() {
        let membership = state.withLock { state -> Membership? in
            defer { state.phase = .ended }
            if case .ready(let membership) = state.phase { return membership }
            return nil
        }
        if let membership { membership.hub.leave(self, member: membership.member) }
        broker.forget(self)
    }

    /// Ends the session from this side.
    public func end(_ code: CloseCode, reason: String? = nil) {
        state.withLock { $0.window = nil }
        sink.close(code, reason: reason ?? code.reason)
    }

    private func receivedGarbage(_ error: WireError) {
        let isReady = state.withLock { if case .ready = $0.phase { true } else { false } }
        guard isReady else { return refuse(code: error.code, message: error.message) }
        sink.send(.error(ErrorFrame(code: error.code, message: String(error.message.prefix(256)))))
    }

    // MARK: Opening

    private func receivedWhileOpening(_ message: MeshFrame) {
        let (action, nonce) = state.withLock { state -> (BrokerOpening.Action, [UInt8]) in
            guard case .opening(var opening) = state.phase else { return (.wait, []) }
            let action = opening.received(message)
            state.phase = .opening(opening)
            return (action, opening.nonce)
        }
        switch action {
        case .wait: break
        case .check(let hello): check(hello, nonce: nonce)
        case .admit(let hello, let request): admit(hello, request)
        case .refuse(let code, let message): refuse(code: code, message: message)
        }
    }

    private func check(_ hello: Hello, nonce: [UInt8]) {
        let now = broker.now()
        guard abs(hello.timestamp - now) <= 60_000 else {
            return refuse(
                code: "clock_skew",
                message: "the clocks differ: yours says \(hello.timestamp), the server's \(now); set yours right")
        }
        do {
            try broker.verifier.verify(hello, nonce: nonce, origins: broker.origins, now: now)
        } catch {
            refuse(code: "unauthorized", message: String("\(error)".prefix(256)))
        }
    }

    private func admit(_ hello: Hello, _ request: FeatureRequest) {
        state.withLock { if case .opening = $0.phase { $0.phase = .joining } }
        sink.send(.featureResponse(broker.policy.features(for: request)))
        Task { await join(hello) }
    }

    private func join(_ hello: Hello) async {
        do {
            let hub = try await broker.hub(for: hello.mesh)
            let member = hello.chain.member
            let positions = try broker.store.positions(of: member, in: hub.key)
            let isWanted = state.withLock { state -> Bool in
                guard case .joining = state.phase else { return false }
                state.phase = .ready(Membership(hub: hub, member: member))
                return true
            }
            guard isWanted else { return }
            try hub.join(self, chain: hello.chain, sessionID: broker.verifier.random(8))
            state.withLock { if case .ready = $0.phase { $0.window = DeliveryWindow(positions: positions) } }
            pump()
        } catch is MeshNotAllowed {
            refuse(
                code: "mesh_not_allowed",
                message: "this server takes no new families: start kin serve with --wallet \(hello.mesh.wallet)")
        } catch let conflict as ChainConflict {
            refuse(code: "unauthorized", message: conflict.rawValue)
        } catch {
            end(.serverDraining, reason: "storage_unavailable")
        }
    }

    private func refuse(code: String, message: String) {
        sink.send(.error(ErrorFrame(code: code, message: message)))
        end(.unauthorized, reason: code)
    }

    // MARK: Frames of a ready session

    private func received(_ frame: ReceivedFrame, _ membership: Membership) {
        switch frame.message {
        case .send(let send):
            state.withLock { $0.burst.append(Submission(send: send, body: frame.body)) }
        case .clientAck(let acks): finished(acks, membership)
        case .memberPut(let put): introduce(put.chain, to: membership.hub)
        case .error: break
        default:
            sink.send(
                .error(
                    ErrorFrame(
                        code: "invalid_message", message: "this server does not take \(frame.message.type) from a daemon",
                        ref: frame.message.type)))
        }
    }

    private func introduce(_ chain: Chain, to hub: MeshHub) {
        do {
            try broker.verifier.verify(chain, in: hub.mesh, now: broker.now())
            try hub.put(chain)
        } catch {
            sink.send(
                .error(ErrorFrame(code: "chain_invalid", message: String("\(error)".prefix(256)), ref: "member_put")))
        }
    }

    // MARK: Sends

    /// Runs inside the store's transaction, for ids it does not know.
    private func admit(_ submission: Submission, _ hub: MeshHub) -> Refusal? {
        let send = submission.send
        if submission.body.count > broker.policy.inlineBytes { return .tooLarge }
        if let expiresAt = send.expiresAt, expiresAt <= broker.now() { return .expired }
        guard case .dm(let recipient) = send.destination else { return .unsupportedDestination }
        return state.withLock { state in
            if let refusal = state.gate.admit(send) { return refusal }
            if hub.has(recipient) { return nil }
            state.gate.wait(for: send)
            return .unknownMember
        }
    }

    private func answer(_ burst: [Submission], with acceptances: [Acceptance], _ membership: Membership) {
        var frames: [[UInt8]] = []
        frames.reserveCapacity(burst.count)
        for (submission, acceptance) in zip(burst, acceptances) {
            frames.append(answer(submission.send, acceptance).encoded())
        }
        sink.send(frames)
        for (submission, acceptance) in zip(burst, acceptances) {
            if case .stored(let id) = acceptance { deliver(submission, id: id, membership) }
        }
        let resume = state.withLock { state -> Bool in
            state.bytesInStore -= burst.reduce(0) { $0 + $1.body.count }
            guard state.isPaused, state.bytesInStore <= Self.maxBytesInStore / 2 else { return false }
            state.isPaused = false
            return true
        }
        if resume { sink.pauseReading(false) }
    }

    private func answer(_ send: Send, _ acceptance: Acceptance) -> MeshFrame {
        switch acceptance {
        case .stored(let id):
            return .ack(Ack(clientMessageID: send.clientMessageID, brokerMessageID: id, duplicate: false))
        case .duplicate(let id, let firstSeenAt):
            return .ack(
                Ack(
                    clientMessageID: send.clientMessageID, brokerMessageID: id, duplicate: true,
                    firstSeenAt: firstSeenAt))
        case .refused(let refusal):
            if refusal.retryable { state.withLock { $0.gate.wait(for: send) } }
            return .nack(
                Nack(
                    clientMessageID: send.clientMessageID, code: refusal.code, retryable: refusal.retryable,
                    storedFingerprint: refusal.storedFingerprint))
        }
    }

    private func deliver(_ submission: Submission, id: Int64, _ membership: Membership) {
        let send = submission.send
        guard case .dm(let recipient) = send.destination, let session = membership.hub.session(of: recipient) else {
            return
        }
        let push = Push(
            brokerMessageID: id, clientMessageID: send.clientMessageID, sender: membership.member, line: send.line,
            seq: send.seq, destination: send.destination, priority: send.priority, sentAt: broker.now(),
            epoch: send.epoch)
        session.offer(StoredMessage(push: push, expiresAt: send.expiresAt, body: submission.body))
    }

    // MARK: Deliveries

    /// A message for this member was just stored.
    private func offer(_ message: StoredMessage) {
        let now = broker.now()
        let isPushed = state.withLock { state in
            state.window?.offer(
                id: message.push.brokerMessageID, priority: message.push.priority, bytes: message.body.count, now: now)
                ?? false
        }
        if isPushed { sink.send([MeshFrame.push(message.push).encoded(body: message.body)]) } else { pump() }
    }

    private func finished(_ acks: ClientAck, _ membership: Membership) {
        let moved = state.withLock { $0.window?.acknowledge(acks.results.lazy.map(\.brokerMessageID)) ?? false }
        guard moved else { return }
        broker.store.advance(membership.member, in: membership.hub.key) { [weak self] in
            self?.state.withLock { $0.window?.positions ?? [] } ?? []
        }
        pump()
    }

    /// Hands out what waits in the store, as far as the window has room.
    private func pump() {
        while let (load, membership) = nextLoad() {
            do {
                let messages = try broker.store.pending(
                    for: membership.member, in: membership.hub.key, priority: load.priority, after: load.after,
                    limit: load.limit, maxBytes: load.maxBytes)
                let now = broker.now()
                let pushed = state.withLock { $0.window?.loaded(messages, for: load, now: now) ?? [] }
                if !pushed.isEmpty { sink.send(pushed.map { MeshFrame.push($0.push).encoded(body: $0.body) }) }
            } catch {
                // The next tick tries again.
                state.withLock { $0.window?.loadFailed() }
                return
            }
        }
    }

    private func nextLoad() -> (DeliveryWindow.Load, Membership)? {
        state.withLock { state in
            guard case .ready(let membership) = state.phase, let load = state.window?.nextLoad() else { return nil }
            return (load, membership)
        }
    }

    func tick(_ now: Int64) {
        enum Duty { case none, cutOpening, pump }
        let duty = state.withLock { state -> Duty in
            switch state.phase {
            case .opening, .joining: return now - opened > broker.policy.openingDeadline * 1000 ? .cutOpening : .none
            case .ready:
                _ = state.window?.expireLeases(now: now)
                return .pump
            case .ended: return .none
            }
        }
        switch duty {
        case .none: break
        case .cutOpening: refuse(code: "unauthorized", message: "the opening took longer than it may")
        case .pump: pump()
        }
    }
}
