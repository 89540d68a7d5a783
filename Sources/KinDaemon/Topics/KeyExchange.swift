import Dispatch
import KinClient
import KinCrypto
import KinEncoding
import KinIdentity
import KinWire
import Logging
import Synchronization

/// Gets and gives the keys of topics: asks those who may have them, answers those who may, and mints where it is this device's turn.
///
/// Unchecked: what varies is touched only on `queue`, which is serial: every entry from outside goes through it.
final class KeyExchange: @unchecked Sendable {
    /// Between answers to one member about one topic, milliseconds.
    private static let answerInterval: Int64 = 200
    private static let step = DispatchTimeInterval.milliseconds(250)
    private static let maxAnswered = 4096

    private let queue = DispatchQueue(label: "topic-keys")
    private let book: TopicBook
    private let broker: TopicBroker
    private let mail: ControlMail
    private let family: Family
    private let lists: TopicLists
    private let me: VerifiedMember
    private let metrics: DaemonMetrics
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    /// Told of topics of which keys have come, and of which epochs.
    private let listeners = Mutex<[@Sendable (TopicName, [Epoch]) -> Void]>([])

    private var quest = KeyQuest()
    private var isConnected = false
    private var isStepScheduled = false
    private var minting: Set<TopicName> = []
    /// When a mint that failed is tried again, milliseconds.
    private var mintAgainAt: [TopicName: Int64] = [:]
    private var answered: [String: Int64] = [:]

    init(
        book: TopicBook, broker: TopicBroker, mail: ControlMail, family: Family, lists: TopicLists,
        me: VerifiedMember,
        metrics: DaemonMetrics, logger: Logger, now: @escaping @Sendable () -> Int64
    ) {
        self.book = book
        self.broker = broker
        self.mail = mail
        self.family = family
        self.lists = lists
        self.me = me
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    /// - Parameter listener: called with a topic that has a key to post with now, and the epochs of which keys have come.
    func onKeys(_ listener: @escaping @Sendable (TopicName, [Epoch]) -> Void) {
        listeners.withLock { $0.append(listener) }
    }

    private func tell(_ topic: TopicName, _ epochs: [Epoch]) {
        for listener in listeners.withLock({ $0 }) { listener(topic, epochs) }
    }

    // MARK: What is needed

    /// A post waits to be sealed.
    func need(_ topic: TopicName) {
        queue.async { [self] in
            // It may have come meanwhile.
            guard book.record(topic)?.current == nil else { return tell(topic, []) }
            look(for: KeyQuest.Want(topic: topic))
        }
    }

    /// Posts came that do not open.
    func need(_ topic: TopicName, _ epoch: Epoch, from senders: [ULID]) {
        queue.async { [self] in
            let candidates = book.record(topic)?.ring.candidates(for: epoch) ?? []
            // The key may have come while they were written down.
            if !candidates.isEmpty { tell(topic, [epoch]) }
            guard !candidates.contains(where: { senders.contains($0.from) || $0.from == epoch.minter }) else { return }
            look(for: KeyQuest.Want(topic: topic, epoch: epoch), preferring: senders + [epoch.minter])
        }
    }

    private func look(for want: KeyQuest.Want, preferring members: [ULID] = []) {
        if quest.want(want, preferring: members.filter { $0 != me.member }, now: now()) { step() }
    }

    /// Broker said that a post's key is not to be used any more.
    func stale(_ topic: TopicName, _ epoch: Epoch) {
        book.note(topic) { record in
            guard let current = record.current, current.epoch.counter <= epoch.counter else { return }
            record.minEpoch = epoch.counter + 1
        }
    }

    func connected() {
        queue.async { [self] in
            isConnected = true
            quest.startOver()
            step()
        }
    }

    func disconnected() { queue.async { [self] in isConnected = false } }

    /// A member is there, who may have keys.
    func came(_ member: ULID) {
        queue.async { [self] in
            guard !quest.isEmpty else { return }
            quest.came(member)
            step()
        }
    }

    // MARK: What is done

    private func step() {
        guard isConnected, !quest.isEmpty else { return }
        for topic in quest.mintable(now: now()) { mintIfDue(topic) }
        let online = family.roster.onlineMembers
        let questions = quest.next(now: now()) { topic in
            let record = book.record(topic)
            return online.filter { id in
                guard id != me.member, let member = family.member(id), let record else { return false }
                return mayHave(member, record)
            }.sorted { $0.description < $1.description }
        }
        for question in questions {
            mail.send(TopicKeysGet.contentType, question.get.canonicalBytes(), to: .dm(question.member))
        }
        guard !isStepScheduled else { return }
        isStepScheduled = true
        queue.asyncAfter(deadline: .now() + Self.step) { [self] in
            isStepScheduled = false
            step()
        }
    }

    /// Where nobody has minted yet, or whoever had the key before has to.
    private func mintIfDue(_ topic: TopicName) {
        guard let record = book.record(topic), record.joined, record.allows(me), record.current == nil,
            record.minEpoch == 0 || record.ring.highest > 0, now() >= mintAgainAt[topic] ?? 0,
            minting.insert(topic).inserted
        else { return }
        Task {
            var isMinted = false
            do {
                try await mint(topic)
                isMinted = true
            } catch {
                logger.warning(
                    "topic_key_not_minted",
                    metadata: ["topic": .string("\(topic)"), "error": .string("\(error)")])
            }
            queue.async { [self, isMinted] in
                minting.remove(topic)
                mintAgainAt[topic] = isMinted ? nil : now() + Self.mintPause
            }
        }
    }

    /// After a mint that failed, milliseconds.
    private static let mintPause: Int64 = 5_000

    /// Makes a key that only those get who are in the topic now.
    /// - Throws: where the broker does not say who they are, or the key cannot be written.
    func mint(_ topic: TopicName) async throws {
        guard let record = book.record(topic) else { throw TopicBroker.unknown(topic) }
        let isWanted = record.current == nil && record.minEpoch > record.ring.highest
        let counter = isWanted ? max(record.minEpoch, 1) : record.nextEpoch
        let members = try await broker.members(of: topic)
        // First the broker: from then on nobody posts with a key that those who left have.
        try await broker.ask { .topicRekey(TopicRekey(request: $0, topic: topic, counter: counter)) }
        let key = TopicKey(
            epoch: Epoch(counter: counter, minter: me.member), key: .random(count: 32), from: me.member, at: now())
        let isKept = try book.change(topic) { $0.ring.add(key, keeping: broker.epochsKept) }
        guard isKept else { return }
        give([key], of: topic, to: members)
        logger.notice(
            "topic_key_minted", metadata: ["topic": .string("\(topic)"), "counter": .stringConvertible(counter)])
        metrics.topicKeysMinted.add()
        has(topic, [key.epoch])
    }

    /// Gives the keys in use to members that have just been let in.
    func welcome(_ members: [ULID], to topic: TopicName) {
        guard let key = book.record(topic)?.current else { return }
        give([key], of: topic, to: members)
    }

    private func give(_ keys: [TopicKey], of topic: TopicName, to members: [ULID]) {
        guard let record = book.record(topic) else { return }
        let body = TopicKeys(of: record, keys).canonicalBytes()
        for id in members where id != me.member {
            guard let member = family.member(id), mayHave(member, record) else { continue }
            mail.send(TopicKeys.contentType, body, to: .dm(id))
        }
    }

    private func has(_ topic: TopicName, _ epochs: [Epoch]) {
        queue.async { [self] in
            for epoch in epochs { quest.found(KeyQuest.Want(topic: topic, epoch: epoch)) }
            if book.record(topic)?.current != nil { quest.found(KeyQuest.Want(topic: topic)) }
            tell(topic, epochs)
        }
    }

    // MARK: What members say

    /// - Returns: whether it was understood, from one who may say it.
    func received(_ message: SealedMessage, from member: VerifiedMember) -> Bool {
        let body = Array(message.body.utf8)
        switch message.contentType {
        case TopicKeysGet.contentType:
            guard let get = try? TopicKeysGet(canonical: body) else { return false }
            queue.async { [self] in answer(get, member) }
        case TopicKeys.contentType:
            guard let keys = try? TopicKeys(canonical: body), isOfTheList(keys, member) else { return false }
            take(keys, from: member.member)
        default: return false
        }
        return true
    }

    /// Takes in the list that keys come with: a broker might keep it back, and whoever has a key answers those who may have it.
    /// - Returns: whether their sender may give keys.
    private func isOfTheList(_ told: TopicKeys, _ member: VerifiedMember) -> Bool {
        guard book.record(told.topic) != nil else { return false }
        let isBelieved: Bool
        do {
            try lists.check(told.topic, told.proof)
            if let proof = told.proof { book.note(told.topic) { $0.take(proof) } }
            isBelieved = true
        } catch {
            isBelieved = false
        }
        guard let record = book.record(told.topic), mayHave(member, record) else { return false }
        // It has not heard of the newer one.
        if let proof = record.proof, told.proof != proof {
            queue.async { [self] in tellList(of: record, to: member.member) }
        }
        return isBelieved
    }

    private func tellList(of record: TopicRecord, to member: ULID) {
        soon("list \(member) \(record.topic)") { [self] in
            guard let record = book.record(record.topic) else { return }
            mail.send(TopicKeys.contentType, TopicKeys(of: record, []).canonicalBytes(), to: .dm(member))
        }
    }

    /// Whether it reads and writes the topic now.
    private func mayHave(_ member: VerifiedMember, _ record: TopicRecord) -> Bool {
        record.allows(member) && !member.hasEnded(by: now())
    }

    private func take(_ told: TopicKeys, from member: ULID) {
        guard !told.keys.isEmpty else {
            return queue.async { [self] in
                quest.none(from: member, of: told.topic)
                step()
            }
        }
        let keys = told.keys.map {
            TopicKey(epoch: $0.epoch, key: SecretBytes(copying: $0.key), from: member, at: now())
        }
        book.note(told.topic) { record in
            for key in keys where record.take(key, keeping: broker.epochsKept) {
                // By a list with members who were taken off since: what they have, too, seals nothing of this device's.
                if told.proof != record.proof { record.retireKeys(through: key.epoch.counter) }
            }
        }
        has(told.topic, keys.map(\.epoch))
    }

    /// Those in use; or that of an epoch, to whoever was a member when it came.
    private func answer(_ get: TopicKeysGet, _ member: VerifiedMember) {
        let epoch = "\(get.epoch?.counter ?? 0) \(get.epoch?.minter.description ?? "")"
        soon("\(member.member) \(get.topic) \(epoch)") { [self] in
            guard let record = book.record(get.topic), mayHave(member, record) else { return }
            var keys = record.current.map { [$0] } ?? []
            if let epoch = get.epoch {
                let isOfUse = { (key: TopicKey) in
                    key.epoch.counter >= record.minEpoch
                        || member.chain.certificate.issuedAt <= key.at && record.proof == nil
                }
                keys = record.ring.candidates(for: epoch).filter(isOfUse)
            }
            mail.send(TopicKeys.contentType, TopicKeys(of: record, keys).canonicalBytes(), to: .dm(member.member))
        }
    }

    /// On `queue`: says something at once; or, where it was said just before, once when that is a while ago.
    private func soon(_ answer: String, _ say: @escaping @Sendable () -> Void) {
        let time = now()
        var wait = max(0, (answered[answer] ?? 0) + Self.answerInterval - time)
        // The clock was set back.
        if wait > 2 * Self.answerInterval { wait = 0 }
        // It is about to be said.
        guard wait <= Self.answerInterval else { return }
        if answered.count >= Self.maxAnswered { answered.removeAll() }
        answered[answer] = time + wait
        guard wait > 0 else { return say() }
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(wait)), execute: say)
    }
}

extension TopicKeys {
    /// What is sent of keys.
    fileprivate init(of record: TopicRecord, _ keys: [TopicKey]) {
        self.init(
            topic: record.topic, proof: record.proof,
            keys: keys.map { key in Entry(epoch: key.epoch, key: key.key.withBytes { Array($0) }) })
    }
}
