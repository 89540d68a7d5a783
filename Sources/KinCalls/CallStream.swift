public import KinEncoding
public import KinWire
import Synchronization

/// Takes the frames of a stream to the other side.
public protocol CallCarrier: Sendable {
    /// Waits while the other side takes less than is sent.
    /// - Throws: a fault where it can take no more.
    func send(_ frame: [UInt8]) async throws(CallFault)
}

/// Answers the calls of the other side.
public protocol CallResponder: Sendable {
    /// Answers by `call.respond`. Returning ends the call; throwing fails it. The task is cancelled once nobody waits for it any more.
    func respond(to call: IncomingCall) async throws
}

/// Calls in both directions over one stream of frames (docs/protocol/calls.md). Frames of one call keep their order; calls have none among them.
public final class CallStream: Sendable {
    struct State {
        var outgoing: [ULID: CallSubscription] = [:]
        var incoming: [ULID: (call: IncomingCall, task: Task<Void, Never>)] = [:]
        /// Calls that are being answered, also those that nobody waits for any more: they hold what they hold until they have ended.
        var answering = 0
        /// Bytes of their frames.
        var heldBytes = 0
        var end: CallFault?
    }

    /// Who is at the other end.
    public let caller: Caller
    let carrier: any CallCarrier
    private let responder: any CallResponder
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    let state = Mutex(State())

    public init(
        _ carrier: any CallCarrier, with caller: Caller, answering responder: any CallResponder,
        now: @escaping @Sendable () -> Int64
    ) {
        self.carrier = carrier
        self.caller = caller
        self.responder = responder
        self.now = now
    }

    /// Whether no call is under way in either direction.
    public var isIdle: Bool { state.withLock { $0.outgoing.isEmpty && $0.incoming.isEmpty } }

    public var hasEnded: Bool { state.withLock { $0.end != nil } }

    // MARK: Calling

    /// Asks, and waits for the answer.
    /// - Parameters:
    ///   - key: of a mutation: a repeat under the same key, on whichever stream, gets the first answer.
    ///   - limit: nil: waits as long as the stream lasts and nobody cancels it.
    /// - Throws: what the other side says; `TIMEOUT` after `limit`; `UNAVAILABLE` where the stream ends first.
    public func call(
        _ operation: OperationPath, _ input: JSON = .object([:]), under key: String? = nil,
        within limit: Duration? = CallLimits.patience
    ) async throws(CallFault) -> JSON {
        let deadline = limit.map { now() + $0.milliseconds }
        let call = try await begin(
            CallRequest(operation, input: input, deadline: deadline, idempotencyKey: key))
        return try await call.only(by: limit.map { .now + $0 })
    }

    /// Asks for answers until there are no more.
    public func subscribe(
        _ operation: OperationPath, _ input: JSON = .object([:]), under key: String? = nil
    ) async throws(CallFault) -> CallSubscription {
        try await begin(CallRequest(operation, input: input, credit: CallLimits.credit, idempotencyKey: key))
    }

    private func begin(_ request: CallRequest) async throws(CallFault) -> CallSubscription {
        let id = ULID(milliseconds: now(), randomness: (0..<10).map { _ in UInt8.random(in: .min ... .max) })
        let call = CallSubscription(id, on: self, credit: request.credit)
        let refusal = state.withLock { state -> CallFault? in
            if let end = state.end { return end }
            guard state.outgoing.count < CallLimits.maxCalls else { return .tooMany }
            state.outgoing[id] = call
            return nil
        }
        if let refusal { throw refusal }
        do {
            try await send(id, .requested(request))
        } catch {
            forget(id)
            throw error
        }
        return call
    }

    func forget(_ id: ULID) { state.withLock { _ = $0.outgoing.removeValue(forKey: id) } }

    /// Tells the other side that nobody waits any more.
    func abort(_ id: ULID, reason: String?) {
        guard state.withLock({ $0.outgoing.removeValue(forKey: id) != nil && $0.end == nil }) else { return }
        Task { try? await send(id, .aborted(reason: reason)) }
    }

    func send(_ id: ULID, _ event: CallEvent) async throws(CallFault) {
        let frame = CallEnvelope(id: id, event: event).frame()
        guard frame.count <= CallLimits.maxFrame else { throw .tooLarge }
        try await carrier.send(frame)
    }

    // MARK: Receiving

    /// Takes a frame that came. Never waits.
    /// - Throws: where it is none: the stream is to be ended.
    public func receive(_ frame: [UInt8]) throws(WireError) {
        let envelope = try CallEnvelope(frame: frame)
        switch envelope.event {
        case .requested(let request): try accept(envelope.id, request, byteCount: frame.count)
        case .responded(let output):
            guard let call = state.withLock({ $0.outgoing[envelope.id] }) else { return }
            guard call.take(output, byteCount: frame.count) else {
                throw .invalid("call.responded: more answers than were asked for")
            }
        case .completed: finish(envelope.id, nil)
        case .failed(let fault): finish(envelope.id, fault)
        case .aborted(let reason):
            finish(envelope.id, CallFault(.aborted, reason ?? "the other side gave up: try again"))
            state.withLock { $0.incoming.removeValue(forKey: envelope.id) }?.task.cancel()
        case .credited(let events): state.withLock { $0.incoming[envelope.id] }?.call.grant(events)
        }
    }

    private func finish(_ id: ULID, _ fault: CallFault?) {
        state.withLock { $0.outgoing.removeValue(forKey: id) }?.finish(fault)
    }

    // MARK: Answering

    private func accept(_ id: ULID, _ request: CallRequest, byteCount: Int) throws(WireError) {
        let maxCalls = caller.isOwner ? CallLimits.maxCalls : CallLimits.maxCallsOfOthers
        let isTaken = state.withLock { state -> Bool in
            guard state.end == nil else { return true }
            // Each refusal waits to be sent, too: who does not read them gets no more.
            guard state.incoming[id] == nil, state.answering < 2 * maxCalls else { return false }
            let isBusy = state.answering >= maxCalls || state.heldBytes + byteCount > CallLimits.maxHeld
            let call = IncomingCall(id, isBusy ? CallRequest(request.operation) : request, on: self)
            let held = isBusy ? 0 : byteCount
            state.answering += 1
            state.heldBytes += held
            state.incoming[id] = (call, Task { await self.answer(call, isBusy: isBusy, holding: held) })
            return true
        }
        guard isTaken else { throw .invalid("call.requested: under way already, or far too many are") }
    }

    private func answer(_ call: IncomingCall, isBusy: Bool, holding byteCount: Int) async {
        let last: CallEvent?
        do {
            if isBusy { throw CallFault.tooMany }
            try await responder.respond(to: call)
            last = try call.ending()
        } catch {
            last = Task.isCancelled || call.isAnswered ? nil : .failed(CallFault(any: error))
        }
        if let last { try? await send(call.id, last) }
        state.withLock { state in
            state.answering -= 1
            state.heldBytes -= byteCount
            if state.incoming[call.id]?.call === call { state.incoming[call.id] = nil }
        }
    }

    /// The one answer that was wanted is given: what its operation would go on with is for nobody.
    func answered(_ call: IncomingCall) {
        state.withLock { $0.incoming[call.id]?.call === call ? $0.incoming[call.id]?.task : nil }?.cancel()
    }

    // MARK: The end

    /// The stream is over: who waits for an answer hears why, and what is being answered is cancelled.
    public func end(_ fault: CallFault) {
        let (calls, tasks) = state.withLock { state in
            state.end = state.end ?? fault
            defer { (state.outgoing, state.incoming) = ([:], [:]) }
            return (Array(state.outgoing.values), state.incoming.values.map(\.task))
        }
        for call in calls { call.finish(fault) }
        for task in tasks { task.cancel() }
    }
}

extension CallFault {
    static let tooMany = CallFault(
        .exhausted,
        "at most \(CallLimits.maxCalls) calls of \(CallLimits.maxHeld >> 20) MiB are under way on one link: wait until one has ended"
    )
    static let tooLarge = CallFault(
        .exhausted, "a call takes at most \(CallLimits.maxFrame) bytes: send less at once")
}

extension Duration {
    fileprivate var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
