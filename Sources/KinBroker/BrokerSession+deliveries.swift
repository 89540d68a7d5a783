import KinEncoding
import KinWire

// What a ready session is handed.

extension BrokerSession {
    /// A message for this member was just stored.
    /// - Parameter frame: its push, where several get it.
    func offer(_ message: StoredMessage, encoded frame: [UInt8]? = nil) {
        let now = broker.now()
        let isPushed = state.withLock { state -> Bool in
            let push = message.push
            let isNext = state.window?.offer(
                id: push.brokerMessageID, priority: push.priority, bytes: message.body.count, now: now)
            guard isNext == true else { return false }
            handOut([frame ?? message.pushFrame])
            return true
        }
        if !isPushed { pump() }
    }

    /// Called with the lock held: what the window decided first must leave first, whichever thread asked.
    private func handOut(_ frames: [[UInt8]]) {
        guard !frames.isEmpty else { return }
        broker.metrics.pushes.add(frames.count)
        sink.send(frames)
    }

    func finished(_ acks: ClientAck, _ membership: Membership) {
        broker.metrics.count(acks)
        let moved = state.withLock { $0.window?.acknowledge(acks.results.lazy.map(\.brokerMessageID)) ?? false }
        guard moved else { return }
        let (hub, member) = (membership.hub, membership.member)
        broker.store.advance(member, in: hub.key) { hub.finished(member) }
        pump()
    }

    /// Hands out what waits in the store, as far as the window has room.
    func pump() {
        while let (load, membership) = nextLoad() {
            do {
                let (hub, member) = (membership.hub, membership.member)
                let topics = hub.subscriptions(of: member, priority: load.priority, after: load.after)
                let messages = try broker.store.pending(
                    for: member, in: hub.key, priority: load.priority, topics: topics, after: load.after,
                    limit: load.limit, maxBytes: load.maxBytes)
                let now = broker.now()
                state.withLock { state in
                    handOut((state.window?.loaded(messages, for: load, now: now) ?? []).map(\.pushFrame))
                }
            } catch {
                // The next tick tries again.
                state.withLock { $0.window?.loadFailed() }
                return
            }
        }
        sayDrained()
    }

    /// In a mesh that was succeeded: once this member has everything, it may go.
    private func sayDrained() {
        guard case .ready(let membership) = state.withLock({ $0.phase }), var handover = membership.hub.succession
        else {
            return
        }
        handover.drained = true
        let frame = MeshFrame.succession(handover).encoded()
        state.withLock { state in
            guard !state.wasDrained, state.window?.isDrained == true else { return }
            state.wasDrained = true
            sink.send([frame])
        }
    }

    /// Called with the hub's lock held. What is to be handed out is found at the next look: `pump`.
    func rewind(to position: Int64) {
        state.withLock { state in
            state.rewound = min(state.rewound, position)
            state.leftAt = state.leftAt.map { min($0, position) }
            state.window?.rewind(to: position)
        }
    }

    /// Up to where this session has acknowledged everything, by priority rank; nil where it is handed nothing.
    var positions: [Int64]? { state.withLock { $0.window?.positions } }

    /// The same of a session that may have ended.
    var lastPositions: [Int64] { state.withLock { $0.window?.positions ?? $0.leftAt } }

    private func nextLoad() -> (DeliveryWindow.Load, Membership)? {
        state.withLock { state in
            guard case .ready(let membership) = state.phase, let load = state.window?.nextLoad() else { return nil }
            return (load, membership)
        }
    }
}

extension StoredMessage {
    fileprivate var pushFrame: [UInt8] { MeshFrame.push(push).encoded(body: body) }
}
