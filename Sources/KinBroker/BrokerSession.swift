import KinEncoding
import KinWire
import Synchronization

/// One daemon's connection to the broker.
///
/// Called from three sides: the connection's event loop (`received`, `readCompleted`, `closed`), the store's writer (answers to sends), and `Broker.tick`.
/// No call waits.
public final class BrokerSession: Sendable {
    let sink: any FrameSink
    let broker: Broker
    private let opened: Int64

    enum Phase {
        case opening(BrokerOpening)
        case joining
        case ready(Membership)
        case ended
    }

    struct Membership {
        let hub: MeshHub
        let member: ULID
    }

    struct State {
        var phase: Phase
        var gate = OrderGate()
        /// Sends of the read burst under way.
        var burst: [Submission] = []
        /// Bytes of sends given to the store and not answered.
        var bytesInStore = 0
        var isPaused = false
        /// Of the last burst that was answered something was refused.
        var wasRefused = false
        /// nil until the member joined and its positions are known.
        var window: DeliveryWindow?
        /// Where the window stood when the session was ended.
        var leftAt: [Int64] = []
        /// Deliveries begin no higher.
        var rewound = Int64.max
        /// Under way.
        var probe: Probe?
        /// It may not come in before an older session was asked for a sign of life.
        var waitsForOlder = false
        /// It was told that nothing waits for it any more.
        var wasDrained = false
        /// Refused, replaced or cut: nothing that still comes counts, though the connection may live a little longer.
        var isEnding = false
        /// When `revocations_get` was answered last, milliseconds.
        var answeredRevocations: Int64?
        var history = HistoryGate()
    }
    let state: Mutex<State>

    /// Milliseconds between answers to `revocations_get`.
    static let revocationsInterval: Int64 = 1_000
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
        let (isEnding, isProbed) = state.withLock { ($0.isEnding, $0.probe != nil) }
        if isProbed { settleProbe(true) }
        guard !isEnding else { return }
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
        let (burst, membership, pause, wary) = state.withLock { state -> ([Submission], Membership?, Bool, Bool) in
            guard case .ready(let membership) = state.phase, !state.isEnding, !state.burst.isEmpty else {
                return ([], nil, false, false)
            }
            let burst = state.burst
            state.burst = []
            state.bytesInStore += burst.reduce(0) { $0 + $1.body.count }
            let pause = state.bytesInStore > Self.maxBytesInStore && !state.isPaused
            if pause { state.isPaused = true }
            return (burst, membership, pause, state.wasRefused)
        }
        guard let membership else { return }
        if pause { sink.pauseReading(true) }
        let now = broker.now()
        broker.store.accept(
            burst, from: membership.member, in: membership.hub.key, wary: wary, now: now,
            known: { submission in self.state.withLock { $0.gate.known(submission.send) } },
            admit: { self.admit($0, from: membership.member, membership.hub) },
            completion: { self.answer(burst, with: $0, membership, now: now) })
    }

    /// The connection is gone.
    public func closed() {
        let membership = state.withLock { state -> Membership? in
            defer { state.phase = .ended }
            if case .ready(let membership) = state.phase { return membership }
            return nil
        }
        if let membership { membership.hub.leave(self, member: membership.member) }
        settleProbe(false)
        broker.forget(self)
    }

    /// Ends the session from this side.
    public func end(_ code: CloseCode, reason: String? = nil) {
        let isFirst = state.withLock { state -> Bool in
            defer { state.isEnding = true }
            state.leftAt = state.window?.positions ?? state.leftAt
            state.window = nil
            state.burst = []
            return !state.isEnding
        }
        settleProbe(false)
        if isFirst { sink.close(code, reason: reason ?? code.reason) }
    }

    private func receivedGarbage(_ error: WireError) {
        let isReady = state.withLock { if case .ready = $0.phase { true } else { false } }
        guard isReady else { return refuse(code: error.code, message: error.message) }
        broker.metrics.invalidFrames[error.code].add()
        sink.send(.error(ErrorFrame(code: error.code, message: String(error.message.prefix(256)))))
    }

    func tick(_ now: Int64) {
        expireProbe(now)
        enum Duty { case none, cutOpening, pump }
        let duty = state.withLock { state -> Duty in
            switch state.phase {
            case _ where state.isEnding: return .none
            case .opening, .joining:
                if state.waitsForOlder { return .none }
                return now - opened > broker.policy.openingDeadline * 1000 ? .cutOpening : .none
            case .ready:
                if let expired = state.window?.expireLeases(now: now) { broker.metrics.repushes.add(expired) }
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
