import KinClient
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire
import Logging
import Synchronization

/// One session's ears: sorts frames by whom they concern. Frames of one socket read are handed on together.
final class MeshSession: MeshLinkDelegate {
    private struct Burst {
        var pushes: [(header: Push, body: [UInt8])] = []
        var acks: [Ack] = []
        var nacks: [Nack] = []
    }

    private struct State {
        var burst = Burst()
        var wasReady = false
        /// Until the members are known.
        var opened: (ready: Ready, features: NegotiatedFeatures)?
        /// The members were told in this read: what the broker has to tell besides comes with them.
        var hasJustOpened = false
        /// Why this daemon cannot work with that broker.
        var failure: KinError?
    }

    private let parts: MeshParts
    private let logger: Logger
    /// How the session before this one ended, where there was one.
    private let former: ReconnectReason?
    private let onEnd: @Sendable (MeshEnd) -> Void
    private let state = Mutex(State())

    init(
        parts: MeshParts, after former: ReconnectReason?, logger: Logger, onEnd: @escaping @Sendable (MeshEnd) -> Void
    ) {
        self.parts = parts
        self.former = former
        self.logger = logger
        self.onEnd = onEnd
    }

    var wasReady: Bool { state.withLock { $0.wasReady } }

    func meshReady(_ link: MeshLink, ready: Ready, features: NegotiatedFeatures, offered: FeatureResponse) {
        if let failure = parts.outgoing.refusal(of: features) {
            state.withLock { $0.failure = failure }
            return link.close(reason: "dedupe_window_too_short")
        }
        for fault in features.ignored {
            logger.warning("feature_ignored", metadata: ["fault": .string(fault.closeReason)])
        }
        state.withLock { state in
            state.wasReady = true
            state.opened = (ready, features)
        }
        parts.family.roster.startOver(now: parts.now())
        parts.presence.began()
        parts.board.brokerConnected(features, offered: offered)
        if let former { parts.metrics.reconnects[former].add() }
        logger.notice("connected", metadata: ["server": .string(parts.board.broker().address)])
        parts.events.publish(DaemonEvent(kind: .daemonReconnect, data: .object([:])))
        parts.lookAround()
    }

    /// Whoever may be written to is known now: what waits may leave.
    private func membersKnown(_ link: MeshLink) {
        let opened = state.withLock { state in
            defer { state.opened = nil }
            state.hasJustOpened = state.opened != nil
            return state.opened
        }
        guard let opened else { return }
        var ready = opened.ready
        ready.store = parts.storeIdentity(ready.store)
        parts.awaited.startOver()
        parts.incoming.connected(link, store: ready.store, lastMessageID: ready.lastMessageID)
        parts.files.connected(store: ready.store, lastMessageID: ready.lastMessageID)
        parts.outgoing.connected(link, ready: ready, features: opened.features)
        parts.receipts.connected(link)
        parts.revocations.connected(link)
        parts.successions.connected(link)
        parts.settings.connected(link, opened.features)
        parts.mail.connected(link)
        parts.topics.connected(link, opened.features)
        parts.refill.connected(link, store: ready.store)
    }

    func mesh(_ link: MeshLink, received frame: ReceivedFrame) {
        switch frame.message {
        case .push(let push): state.withLock { $0.burst.pushes.append((push, frame.body)) }
        case .ack(let ack): state.withLock { $0.burst.acks.append(ack) }
        case .nack(let nack): state.withLock { $0.burst.nacks.append(nack) }
        case .member(let member):
            add(member.chain, online: member.online)
            if member.online { parts.presence.listed(member.chain.member) }
        case .membersEnd(let end):
            parts.presence.ended(version: end.version)
            membersKnown(link)
        case .memberJoined(let joined):
            add(joined.chain, online: joined.online)
            if joined.online { arrived(joined.chain.member, version: joined.version) }
            parts.profiles.tell()
            parts.lookAround()
        case .memberKeypairRotated(let rotated): add(rotated.chain, online: true)
        case .peerJoin(let change): arrived(change.member, version: change.version)
        case .peerLeave(let change):
            parts.family.roster.set(change.member, online: false)
            parts.presence.changed(change.member, isOnline: false, version: change.version)
            parts.lookAround()
        case .topic(let state): parts.topics.brokerTold(state)
        case .topicGone(let gone): parts.topics.brokerTold(gone)
        case .topicsEnd:
            parts.topics.brokerToldAll()
            parts.incoming.lookForKeys()
            parts.profiles.tell()
        case .topicAnswer(let answer): parts.topics.brokerAnswered(answer)
        case .topicMembers(let page): parts.topics.brokerAnswered(page)
        case .revocationsGet(let get): parts.revocations.brokerHas(get, link)
        case .revocations(let revocations): parts.revocations.brokerTold(revocations)
        case .succession(let handover): parts.successions.brokerTold(handover)
        case .settings(let proof): parts.settings.brokerTold(proof, link)
        case .historyItem(let item): parts.refill.received(item, body: frame.body, on: link)
        case .historyEnd(let end): parts.refill.received(end, on: link)
        case .error(let error):
            guard !parts.refill.brokerRefused(error, on: link) else { break }
            parts.settings.brokerRefused(error)
            parts.successions.brokerRefused(error)
            logger.warning("broker_error", metadata: ["code": .string(error.code), "message": .string(error.message)])
        case .memberRevoked(let change): parts.presence.removed(change.member)
        case .memberLeft: break
        case .challenge, .hello, .featureRequest, .featureResponse, .ready, .memberPut, .send, .clientAck, .history,
            .credential, .topicCreate, .topicJoin, .topicLeave, .topicSet, .topicRekey, .topicMembersGet:
            parts.metrics.inbound.note(.frameUnexpected)
        }
    }

    /// A newer server may say what is not known here: it is passed over, and counted.
    func mesh(_ link: MeshLink, couldNotRead error: WireError) {
        parts.metrics.inbound.note(error.code == "unknown_message_type" ? .frameUnknown : .frameInvalid)
    }

    func meshCompletedRead(_ link: MeshLink) {
        let (burst, hasJustOpened) = state.withLock { state in
            defer { (state.burst, state.hasJustOpened) = (Burst(), false) }
            return (state.burst, state.hasJustOpened)
        }
        if hasJustOpened { parts.settings.compare(link) }
        if !burst.acks.isEmpty || !burst.nacks.isEmpty {
            parts.outgoing.answered(acks: burst.acks, nacks: burst.nacks)
            parts.receipts.answered(acks: burst.acks, nacks: burst.nacks)
            parts.mail.answered(acks: burst.acks, nacks: burst.nacks)
        }
        if !burst.pushes.isEmpty { parts.incoming.received(burst.pushes, on: link) }
    }

    func mesh(_ link: MeshLink, ended end: MeshEnd) {
        parts.incoming.disconnected(link)
        parts.outgoing.disconnected(link)
        parts.receipts.disconnected(link)
        parts.revocations.disconnected(link)
        parts.successions.disconnected(link)
        parts.settings.disconnected(link)
        parts.mail.disconnected(link)
        parts.topics.disconnected(link)
        parts.refill.disconnected(link)
        // Who is there is not known any more.
        parts.family.roster.startOver(now: parts.now())
        parts.presence.lost()
        onEnd(state.withLock { $0.failure }.map { .fatal($0) } ?? end)
    }

    private func add(_ chain: Chain, online: Bool) {
        let metadata: Logger.Metadata = ["member": .string(chain.member.description)]
        switch parts.family.add(chain, online: online, now: parts.now()) {
        case .taken: break
        case .shorter: parts.metrics.inbound.note(.chainShorter)
        case .foreign:
            parts.metrics.inbound.note(.chainForeign)
            logger.warning("chain_foreign", metadata: metadata)
        case .invalid:
            parts.metrics.inbound.note(.chainRefused)
            logger.warning("chain_refused", metadata: metadata)
        case .forked:
            parts.metrics.inbound.note(.rotationFork)
            logger.warning("rotation_fork", metadata: metadata)
        }
    }

    private func arrived(_ member: ULID, version: Int64) {
        parts.family.roster.set(member, online: true)
        parts.presence.changed(member, isOnline: true, version: version)
        parts.topics.exchange.came(member)
        parts.lookAround()
    }
}
