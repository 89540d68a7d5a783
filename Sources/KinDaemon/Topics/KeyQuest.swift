import KinEncoding
import KinWire

/// Which keys are looked for, and who is asked next: a pure state machine, with time passed in (milliseconds).
struct KeyQuest {
    /// The key to post with, or that of an epoch of which a post waits.
    struct Want: Hashable {
        var topic: TopicName
        var epoch: Epoch?
    }

    struct Question: Hashable {
        var member: ULID
        var get: TopicKeysGet
    }

    /// Until another is asked beside one that has not answered.
    static let patience: Int64 = 2_000
    /// Until the same is asked again.
    static let interval: Int64 = 60_000
    /// Until a key is minted that another may be minting.
    static let mintPatience: Int64 = 500
    /// Epochs of one topic that are looked for at once.
    static let maxEpochs = 16

    private struct Search {
        var since: Int64
        var preferred: [ULID]
        var asked: [ULID: Int64] = [:]
        /// Those that have said that they have none.
        var without: Set<ULID> = []
    }

    private var searches: [Want: Search] = [:]

    var isEmpty: Bool { searches.isEmpty }

    /// - Parameter preferred: who is likeliest to have it.
    /// - Returns: whether it was not looked for yet.
    @discardableResult
    mutating func want(_ want: Want, preferring preferred: [ULID] = [], now: Int64) -> Bool {
        if var search = searches[want] {
            let new = preferred.filter { !search.preferred.contains($0) }
            search.preferred += new.prefix(16)
            searches[want] = search
            return false
        }
        let others = searches.keys.count { $0.topic == want.topic && $0.epoch != nil }
        guard want.epoch == nil || others < Self.maxEpochs else { return false }
        searches[want] = Search(since: now, preferred: Array(preferred.prefix(16)))
        return true
    }

    mutating func found(_ want: Want) { searches[want] = nil }

    /// A member has none of that topic's that are of use.
    mutating func none(from member: ULID, of topic: TopicName) {
        for want in Array(searches.keys) where want.topic == topic { searches[want]?.without.insert(member) }
    }

    /// A member may have come by keys since it was asked.
    mutating func came(_ member: ULID) {
        for want in Array(searches.keys) {
            searches[want]?.asked[member] = nil
            searches[want]?.without.remove(member)
        }
    }

    /// A new connection asks everybody again.
    mutating func startOver() {
        for want in Array(searches.keys) {
            searches[want]?.asked = [:]
            searches[want]?.without = []
        }
    }

    /// Keys to post with that were looked for long enough, so that one may be minted.
    func mintable(now: Int64) -> [TopicName] {
        searches.filter { $0.key.epoch == nil && now - $0.value.since >= Self.mintPatience }.map(\.key.topic)
    }

    /// Whom to ask now: one at a time for each key, another once it has not answered.
    /// - Parameter present: those that are connected and may have keys of a topic.
    mutating func next(now: Int64, present: (TopicName) -> [ULID]) -> [Question] {
        var questions: [Question] = []
        for (want, search) in searches {
            let isWaiting = search.asked.contains { member, at in
                now - at < Self.patience && !search.without.contains(member)
            }
            guard !isWaiting else { continue }
            let here = present(want.topic)
            let candidates = search.preferred.filter { here.contains($0) } + here
            guard let member = candidates.first(where: { now - (search.asked[$0] ?? .min / 2) >= Self.interval }) else {
                continue
            }
            searches[want]?.asked[member] = now
            searches[want]?.without.remove(member)
            questions.append(Question(member: member, get: TopicKeysGet(topic: want.topic, epoch: want.epoch)))
        }
        return questions
    }
}
