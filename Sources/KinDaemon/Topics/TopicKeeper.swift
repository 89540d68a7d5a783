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
    private let lists: TopicLists
    private let counters: InboundCounters
    private let logger: Logger
    /// Milliseconds.
    let now: @Sendable () -> Int64
    /// Topics told on this connection.
    private let told = Mutex<Set<TopicName>>([])
    /// Topics that this device is about to leave.
    let leaving = Mutex<Set<TopicName>>([])

    init(
        _ installation: Installation, book: TopicBook, broker: TopicBroker, exchange: KeyExchange, lists: TopicLists,
        family: Family,
        counters: InboundCounters, logger: Logger, now: @escaping @Sendable () -> Int64
    ) {
        self.installation = installation
        self.book = book
        self.broker = broker
        self.exchange = exchange
        self.family = family
        self.lists = lists
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
        guard isBelieved(state), hasRoom(for: state) else { return }
        told.withLock { _ = $0.insert(state.topic) }
        let isLeaving = leaving.withLock { $0.contains(state.topic) }
        let time = now()
        book.note(state.topic) { record in
            record.note(minEpoch: state.minEpoch, epoch: state.epoch)
            if let proof = state.proof { record.take(proof) }
            record.joined = !isLeaving && (state.joined || record.joined)
            if record.joined { record.joinedAt = record.joinedAt ?? time }
        }
        guard let record = book.record(state.topic) else { return }
        if let known = record.proof, let proof = state.proof, proof != known, !proof.follows(known) {
            repair { .topicSet(TopicSet(request: $0, proof: known)) }
        }
        if record.joined, !state.joined { joinAgain(record) }
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

    /// Of a topic that this device is not in nothing needs to be known; but who was ever seen to be on a list, or what was open, is not to be told otherwise by a
    /// broker that says first that it is gone.
    @discardableResult
    private func forget(_ record: TopicRecord) -> Bool {
        guard let record = book.record(record.topic), !record.joined, record.proof == nil, record.ring.keys.isEmpty
        else { return false }
        book.forget(record.topic)
        return true
    }

    /// Whether the broker tells of it now, or did last.
    func isTold(_ topic: TopicName) -> Bool { told.withLock { $0.contains(topic) } }

    /// A broker may not fill the memory with topics that this device is not in.
    private func hasRoom(for state: TopicState) -> Bool {
        if book.record(state.topic) != nil || book.count < Self.maxTopics { return true }
        counters.note(.topicRefused)
        return false
    }

    private static let maxTopics = 2048

    /// This device may not see it any more.
    func brokerTold(_ gone: TopicGone) {
        guard let record = book.record(gone.topic), gone.topic != .everybody else { return }
        told.withLock { _ = $0.remove(gone.topic) }
        if leaving.withLock({ $0.contains(gone.topic) }) { book.note(gone.topic) { $0.leave() } }
        if !forget(record) { book.note(gone.topic) { $0.joined = false } }
    }

    /// Everything was told: what was not the broker does not have.
    func brokerToldAll() {
        let told = told.withLock { $0 }
        for record in book.all where !record.joined && !told.contains(record.topic) { forget(record) }
        signAgain()
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
                joinAgain(record)
            } catch {
                logger.warning(
                    "topic_not_restored",
                    metadata: ["topic": .string("\(record.topic)"), "error": .string("\(error)")])
            }
        }
    }

    /// At a broker that forgot: what was posted since this device was in it is its own, too.
    private func joinAgain(_ record: TopicRecord) {
        let since = record.joinedAt.map { max(0, $0 - Self.clocksApart) }
        repair { .topicJoin(TopicJoin(request: $0, topic: record.topic, since: since)) }
    }

    /// How far a broker's clock may be behind this one's, milliseconds.
    private static let clocksApart: Int64 = 60_000

    /// Lists that nobody who comes later would believe.
    private func signAgain() {
        for record in book.all where record.joined {
            guard let proof = lists.renewed(record) else { continue }
            Task {
                do {
                    try await broker.ask { .topicSet(TopicSet(request: $0, proof: proof)) }
                    book.note(record.topic) { $0.take(proof) }
                    logger.notice("topic_list_signed_again", metadata: ["topic": .string("\(record.topic)")])
                } catch {
                    logger.info("topic_not_repaired", metadata: ["error": .string("\(error)")])
                }
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
            try lists.check(state.topic, state.proof)
            return true
        } catch {
            counters.note(.topicRefused)
            logger.warning(
                "topic_refused", metadata: ["topic": .string("\(state.topic)"), "fault": .string("\(error)")])
            return false
        }
    }

    /// Somebody was revoked.
    func revoked() {
        book.retireKeys()
        signAgain()
    }
}
