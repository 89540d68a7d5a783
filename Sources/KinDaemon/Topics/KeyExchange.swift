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
    static let answerInterval: Int64 = 200
    private static let step = DispatchTimeInterval.milliseconds(250)
    static let maxAnswered = 4096

    let queue = DispatchQueue(label: "topic-keys")
    let book: TopicBook
    let broker: TopicBroker
    let mail: ControlMail
    let family: Family
    let lists: TopicLists
    let me: VerifiedMember
    let metrics: DaemonMetrics
    let logger: Logger
    /// Milliseconds.
    let now: @Sendable () -> Int64
    /// Told of topics of which keys have come, and of which epochs.
    private let listeners = Mutex<[@Sendable (TopicName, [Epoch]) -> Void]>([])

    var quest = KeyQuest()
    private var isConnected = false
    private var isStepScheduled = false
    var minting: Set<TopicName> = []
    /// When the next mint may be, milliseconds.
    var mintAgainAt: [TopicName: Int64] = [:]
    var answered: [String: Int64] = [:]

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

    func tell(_ topic: TopicName, _ epochs: [Epoch]) {
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

    func step() {
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
}
