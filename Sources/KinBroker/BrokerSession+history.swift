import KinEncoding
import KinWire

// What a member asks for again.

/// Which questions for history one session may ask: one at a time, and not too many a second of its member's.
struct HistoryGate {
    static let limits = TokenBucket.Limits(perSecond: 8, burst: 16)
    /// Bytes on their way to a peer beyond which it gets no page more: pushes wait for acknowledgements, pages wait for this.
    static let maxBuffered = 1 << 20

    private(set) var isAnswering = false

    /// - Parameters:
    ///   - buffered: bytes that the peer has not taken.
    ///   - wait: called where nothing else is against it: milliseconds that the member has to wait, nil where it need not.
    /// - Returns: nil where the question is taken; then `answered` is called once.
    mutating func ask(buffered: Int, wait: () -> Int64?) -> HistoryRefusal? {
        guard !isAnswering, buffered <= Self.maxBuffered else { return .busy }
        if let wait = wait() { return .tooMany(wait) }
        isAnswering = true
        return nil
    }

    mutating func answered() { isAnswering = false }
}

/// Why a question for history has no answer. The session goes on.
enum HistoryRefusal: Hashable {
    case busy
    /// Milliseconds to wait.
    case tooMany(Int64)
    case unknownTopic
    case unreadable

    var error: ErrorFrame {
        let (code, message) =
            switch self {
            case .busy:
                ("history_busy", "what was asked or said before is still on its way to you: ask again when it has come")
            case .tooMany(let wait):
                (
                    "rate_limited",
                    "at most \(HistoryGate.limits.perSecond) pages a second are told: ask again in \(wait) ms"
                )
            case .unknownTopic: ("unknown_topic", "there is no topic of that name that you are in")
            case .unreadable: ("storage_unavailable", "the store cannot be read now: ask again later")
            }
        return ErrorFrame(code: code, message: message, ref: "history")
    }
}

extension BrokerSession {
    /// Reads a page, off this thread, and tells it: what the member has acknowledged, and what it sent itself.
    func tell(_ history: History, _ membership: Membership) {
        guard let conversation = conversation(history, membership) else { return refuse(.unknownTopic) }
        let now = broker.now()
        let buffered = sink.bufferedBytes
        let asking = MeshMember(mesh: membership.hub.mesh, member: membership.member)
        let refusal = state.withLock { state in
            // By member, for a new session costs nothing.
            state.history.ask(buffered: buffered) { broker.historyRate.withLock { $0.take(asking, now: now) } }
        }
        if let refusal { return refuse(refusal) }
        // One page after the other: sessions and sends do not wait for a disk that is read.
        broker.historyQueue.async { [self] in
            do {
                let page = try broker.store.history(
                    HistoryQuery(
                        member: membership.member, conversation, before: history.before,
                        through: finishedPositions(membership), limit: Int(history.limit)), in: membership.hub.key)
                tell(page, request: history.request)
            } catch {
                state.withLock { $0.history.answered() }
                refuse(.unreadable)
            }
        }
    }

    private func conversation(_ history: History, _ membership: Membership) -> HistoryQuery.Conversation? {
        switch history.conversation {
        case .dm(membership.member): .everything(membership.hub.subscriptions(of: membership.member))
        case .dm(let other): .with(other)
        case .topic(let name): membership.hub.subscription(of: membership.member, to: name).map { .topic($0) }
        }
    }

    private func tell(_ page: HistoryPage, request: ULID) {
        let items = page.messages.map {
            MeshFrame.historyItem(HistoryItem(request: request, push: $0.push)).encoded(body: $0.body)
        }
        let end = MeshFrame.historyEnd(HistoryEnd(request: request, before: page.before)).encoded()
        state.withLock { state in
            state.history.answered()
            // A session that was replaced is handed nothing more.
            guard !state.isEnding else { return }
            broker.metrics.historyPages.add()
            sink.send(items + [end])
        }
    }

    /// Up to where this session's deliveries are finished. Before it has a window it begins where the store's cursors stand.
    private func finishedPositions(_ membership: Membership) throws -> [Int64] {
        try positions ?? broker.store.positions(of: membership.member, in: membership.hub.key)
    }

    private func refuse(_ refusal: HistoryRefusal) { sink.send(.error(refusal.error)) }
}
