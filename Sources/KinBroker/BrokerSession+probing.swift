import KinWire

// Whether the other side still answers: asked where a newer connection may only come in if it does not.

extension BrokerSession {
    /// A sign of life that was asked for.
    struct Probe {
        /// Milliseconds.
        var until: Int64
        var waiting: [CheckedContinuation<Bool, Never>]
    }

    /// How long it may take: 5 s, in milliseconds.
    static let probePatience: Int64 = 5_000

    /// Asks the other side for a sign of life. Anything it says is one; a session that ends has given none.
    func answers() async -> Bool {
        await withCheckedContinuation { continuation in
            enum Next { case gone, asked, ask }
            let until = broker.now() + Self.probePatience
            let next = state.withLock { state -> Next in
                guard case .ready = state.phase, !state.isEnding else { return .gone }
                let isFirst = state.probe == nil
                state.probe = state.probe ?? Probe(until: until, waiting: [])
                state.probe?.waiting.append(continuation)
                return isFirst ? .ask : .asked
            }
            switch next {
            case .gone: continuation.resume(returning: false)
            case .asked: break
            case .ask: sink.ping()
            }
        }
    }

    /// The connection's answer to a ping.
    public func answeredPing() { settleProbe(true) }

    func settleProbe(_ isThere: Bool) {
        let probe = state.withLock { state in
            defer { state.probe = nil }
            return state.probe
        }
        for waiting in probe?.waiting ?? [] { waiting.resume(returning: isThere) }
    }

    func expireProbe(_ now: Int64) {
        let expired = state.withLock { state -> (isPaused: Bool, Void)? in
            guard let probe = state.probe, now >= probe.until else { return nil }
            return (state.isPaused, ())
        }
        // Silence is this side's doing while it does not read.
        if let expired { settleProbe(expired.isPaused) }
    }
}
