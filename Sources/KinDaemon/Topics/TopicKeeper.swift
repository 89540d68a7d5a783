import KinClient
import KinEncoding
import KinIdentity
import KinWire
import Logging
import Synchronization

/// Keeps what the broker tells of topics, as far as it is believed, and tells it again to a broker that forgot.
final class TopicKeeper: Sendable {
    let installation: Installation
    let book: TopicBook
    let broker: TopicBroker
    let exchange: KeyExchange
    let family: Family
    private let counters: InboundCounters
    private let logger: Logger
    /// Milliseconds.
    let now: @Sendable () -> Int64
    /// Topics told on this connection.
    private let told = Mutex<Set<TopicName>>([])
    /// Topics that this device is about to leave.
    let leaving = Mutex<Set<TopicName>>([])

    init(
        _ installation: Installation, book: TopicBook, broker: TopicBroker, exchange: KeyExchange, family: Family,
        counters: InboundCounters, logger: Logger, now: @escaping @Sendable () -> Int64
    ) {
        self.installation = installation
        self.book = book
        self.broker = broker
        self.exchange = exchange
        self.family = family
        self.counters = counters
        self.logger = logger
        self.now = now
    }

    func connected(_ link: MeshLink, _ features: NegotiatedFeatures) {
        told.withLock { $0 = [] }
        broker.connected(link, features)
        exchange.connected()
    }

    func disconnected(_ link: MeshLink) {
        broker.disconnected(link)
        exchange.disconnected()
    }

    // MARK: What the broker says

    func brokerTold(_ state: TopicState) {
        guard isBelieved(state) else { return }
        told.withLock { _ = $0.insert(state.topic) }
        let isLeaving = leaving.withLock { $0.contains(state.topic) }
        book.note(state.topic) { record in
            record.note(minEpoch: state.minEpoch, epoch: state.epoch)
            if let proof = state.proof, proof.follows(record.proof) {
                let left = (record.proof?.list.members ?? []).contains { !proof.list.members.contains($0) }
                record.proof = proof
                if left { record.retireKeys() }
            }
            record.joined = !isLeaving && (state.joined || record.joined)
        }
        guard let record = book.record(state.topic) else { return }
        if let known = record.proof, let proof = state.proof, proof != known, !proof.follows(known) {
            repair { .topicSet(TopicSet(request: $0, proof: known)) }
        }
        if record.joined, !state.joined { repair { .topicJoin(TopicRequest(request: $0, topic: state.topic)) } }
        // A server that forgot would take posts with keys that those who left have.
        if record.joined, state.joined, state.minEpoch < record.minEpoch {
            let counter = min(record.minEpoch, max(state.minEpoch, state.epoch) + TopicRights.maxAhead)
            repair { .topicRekey(TopicRekey(request: $0, topic: state.topic, counter: counter)) }
        }
        // Posts will come that are to be opened.
        if record.joined, record.current == nil, record.minEpoch > 0, record.ring.highest == 0 {
            exchange.need(state.topic)
        }
    }

    /// This device may not see it any more.
    func brokerTold(_ gone: TopicGone) {
        guard book.record(gone.topic) != nil, gone.topic != .everybody else { return }
        book.note(gone.topic) { $0.joined = false }
    }

    /// Everything was told: what was not the broker does not have.
    func brokerToldAll() {
        let told = told.withLock { $0 }
        for record in book.all where record.joined && !told.contains(record.topic) && record.topic != .everybody {
            if let list = record.proof?.list, !list.members.contains(installation.chain.member) { continue }
            restore(record)
        }
    }

    private func restore(_ record: TopicRecord) {
        Task {
            do {
                try await broker.ask { request in
                    .topicCreate(TopicCreate(request: request, topic: record.topic, proof: record.proof))
                }
                logger.notice("topic_restored", metadata: ["topic": .string("\(record.topic)")])
            } catch let error as KinError where error.code == "topic_exists" || error.code == "topic_not_allowed" {
                // Another brought it, or took this device off its list meanwhile: the broker tells.
                repair { .topicJoin(TopicRequest(request: $0, topic: record.topic)) }
            } catch {
                logger.warning(
                    "topic_not_restored",
                    metadata: ["topic": .string("\(record.topic)"), "error": .string("\(error)")])
            }
        }
    }

    /// Asked for without anybody waiting: what is refused is told again with the next connection.
    private func repair(_ question: @escaping @Sendable (ULID) -> MeshFrame) {
        Task {
            do { try await broker.ask(question) } catch {
                logger.info("topic_not_repaired", metadata: ["error": .string("\(error)")])
            }
        }
    }

    func brokerAnswered(_ answer: TopicAnswer) {
        if !broker.received(answer) { counters.note(.frameUnexpected) }
    }

    func brokerAnswered(_ page: TopicMembers) {
        if !broker.received(page) { counters.note(.frameUnexpected) }
    }

    /// Whether it is as one who may say it has signed, and no other topic than the one known.
    private func isBelieved(_ state: TopicState) -> Bool {
        do {
            try check(state)
            return true
        } catch {
            counters.note(.topicRefused)
            logger.warning(
                "topic_refused", metadata: ["topic": .string("\(state.topic)"), "fault": .string("\(error)")])
            return false
        }
    }

    private func check(_ state: TopicState) throws {
        let known = book.record(state.topic)
        guard let proof = state.proof else {
            // A private topic does not become everybody's.
            guard known?.proof == nil else { throw Disbelief.opened }
            return
        }
        if proof == known?.proof { return }
        guard state.topic != .everybody, known == nil || known?.proof != nil || known?.ring.highest == 0 else {
            throw Disbelief.closed
        }
        let signer = try proof.verify(in: installation.mesh, revocations: installation.revocations, now: now())
        if let member = family.member(signer.member), member.chain.rotations.count > proof.signer.rotations.count {
            throw TopicFault.signerInvalid
        }
        if let list = known?.proof?.list, list.creator != proof.list.creator { throw Disbelief.another }
        guard proof.list.members.contains(installation.chain.member) else { throw Disbelief.notNamed }
    }

    private enum Disbelief: String, Error {
        case opened, closed, another
        case notNamed = "not_named"
    }

    /// Somebody was revoked.
    func revoked() { book.retireKeys() }
}
