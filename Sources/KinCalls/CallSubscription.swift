public import KinEncoding
public import KinWire
import Synchronization

/// The answers to one call, in order. Whoever stops before the end calls `abort`.
public final class CallSubscription: Sendable {
    private struct State {
        var answers: [(output: JSON, byteCount: Int)] = []
        /// Bytes of their frames.
        var heldBytes = 0
        /// How many more the other side may send.
        var credit: Int
        /// Taken since credit was given last.
        var consumed = 0
        var isOver = false
        var fault: CallFault?
    }

    let id: ULID
    private let stream: CallStream
    private let isContinuous: Bool
    private let state: Mutex<State>
    private let wakeups = Wakeups()

    /// - Parameter credit: nil: one answer ends it.
    init(_ id: ULID, on stream: CallStream, credit: Int?) {
        self.id = id
        self.stream = stream
        isContinuous = credit != nil
        state = Mutex(State(credit: credit ?? 1))
    }

    /// The next answer; nil after the last.
    /// - Throws: how the call failed, once all answers before were taken; `ABORTED` where the task is cancelled.
    public func next(by deadline: ContinuousClock.Instant? = nil) async throws(CallFault) -> JSON? {
        while true {
            let seen = wakeups.count
            let (answer, granted) = take()
            if granted > 0 { try? await stream.send(id, .credited(events: granted)) }
            if let answer { return answer }
            let (isOver, fault) = state.withLock { ($0.isOver, $0.fault) }
            if let fault { throw fault }
            if isOver { return nil }
            if Task.isCancelled {
                abort()
                throw CallFault(.aborted, "the call was given up here")
            }
            if let deadline, ContinuousClock.now >= deadline {
                abort(reason: "timeout")
                throw CallFault(.timeout, "no answer came in time: the other side is busy or slow; try again")
            }
            await wakeups.wait(after: seen, until: deadline)
        }
    }

    /// The one answer of a call that is no subscription.
    func only(by deadline: ContinuousClock.Instant?) async throws(CallFault) -> JSON {
        guard let answer = try await next(by: deadline) else {
            throw CallFault(.internal, "the other side ended the call without an answer")
        }
        return answer
    }

    /// Ends it from this side. Nothing follows.
    public func abort(reason: String? = nil) {
        stream.abort(id, reason: reason)
        finish(nil)
    }

    // MARK: From the stream

    /// - Returns: whether there was credit for it.
    func take(_ answer: JSON, byteCount: Int) -> Bool {
        let (isDue, isTooMuch) = state.withLock { state in
            guard !state.isOver, state.credit > 0 else { return (state.isOver, false) }
            guard state.heldBytes + byteCount <= CallLimits.maxHeld else { return (true, true) }
            state.credit -= 1
            state.answers.append((answer, byteCount))
            state.heldBytes += byteCount
            if !isContinuous { state.isOver = true }
            return (true, false)
        }
        if isTooMuch {
            stream.abort(id, reason: "too_much")
            finish(.tooMuch)
        }
        if !isContinuous { stream.forget(id) }
        wakeups.wake()
        return isDue
    }

    func finish(_ fault: CallFault?) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.isOver = true
            state.fault = fault
        }
        wakeups.wake()
    }

    private func take() -> (answer: JSON?, granted: Int) {
        state.withLock { state in
            guard !state.answers.isEmpty else { return (nil, 0) }
            let (answer, byteCount) = state.answers.removeFirst()
            state.heldBytes -= byteCount
            state.consumed += 1
            guard isContinuous, !state.isOver, state.consumed >= CallLimits.credit / 2 else { return (answer, 0) }
            defer { state.consumed = 0 }
            state.credit += state.consumed
            return (answer, state.consumed)
        }
    }
}

extension CallFault {
    fileprivate static let tooMuch = CallFault(
        .exhausted, "more than \(CallLimits.maxHeld >> 20) MiB came before any of it was taken: ask for less at once")
}
