import KinClient
import KinCrypto
import KinEncoding
import KinWire
import Synchronization

/// Asks the connected broker about topics, and waits for its answers.
final class TopicBroker: Sendable {
    /// How long an answer may take.
    static let patience = Duration.seconds(5)

    private enum Reply {
        case answer(TopicAnswer)
        case members(TopicMembers)
        case notConnected, timeout
    }

    private struct State {
        var link: MeshLink?
        /// nil: the broker has no topics.
        var epochs: Int? = 16
        var waiting: [ULID: CheckedContinuation<Reply, Never>] = [:]
    }

    private let state = Mutex(State())
    /// Milliseconds.
    private let now: @Sendable () -> Int64

    init(now: @escaping @Sendable () -> Int64) { self.now = now }

    /// Counters of which keys are kept beside the highest.
    var epochsKept: Int { state.withLock { $0.epochs ?? 16 } }

    func connected(_ link: MeshLink, _ features: NegotiatedFeatures) {
        state.withLock { ($0.link, $0.epochs) = (link, features.concurrentEpochs) }
    }

    func disconnected(_ link: MeshLink) {
        let waiting = state.withLock { state -> [CheckedContinuation<Reply, Never>] in
            guard state.link === link else { return [] }
            defer { (state.link, state.waiting) = (nil, [:]) }
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume(returning: .notConnected) }
    }

    // MARK: Asking

    /// Asks for something to be done.
    /// - Throws: `not_connected`, `timeout`, `topics_unavailable`, or the broker's refusal.
    func ask(_ question: (ULID) -> MeshFrame) async throws {
        guard case .answer(let answer) = try await reply(to: question) else { throw Self.misunderstood }
        if let code = answer.code { throw Self.refusal(code) }
    }

    /// Everybody in a topic, as the broker says.
    func members(of topic: TopicName) async throws -> [ULID] {
        var members: [ULID] = []
        while true {
            let after = members.last
            let reply = try await reply { .topicMembersGet(TopicMembersGet(request: $0, topic: topic, after: after)) }
            switch reply {
            case .answer(let answer): throw Self.refusal(answer.code ?? "")
            case .members(let page):
                members += page.ids
                guard page.more, let last = page.ids.last, last != after, members.count < Self.maxMembers else {
                    return members
                }
            default: throw Self.misunderstood
            }
        }
    }

    private static let maxMembers = 65_536

    private func reply(to question: (ULID) -> MeshFrame) async throws -> Reply {
        let request = ULID(milliseconds: now(), randomness: Random.bytes(10))
        let frame = question(request).encoded()
        let reply = await withCheckedContinuation { (continuation: CheckedContinuation<Reply, Never>) in
            let link = state.withLock { state -> MeshLink? in
                guard let link = state.link, state.epochs != nil else { return nil }
                state.waiting[request] = continuation
                return link
            }
            guard let link else { return continuation.resume(returning: .notConnected) }
            link.send([frame])
            Task { [weak self] in
                try? await Task.sleep(for: Self.patience)
                self?.finish(request, .timeout)
            }
        }
        switch reply {
        case .notConnected: throw state.withLock { $0.link == nil } ? Self.notConnected : Self.unavailable
        case .timeout: throw Self.timeout
        default: return reply
        }
    }

    // MARK: Hearing

    /// - Returns: whether it was waited for.
    func received(_ answer: TopicAnswer) -> Bool { finish(answer.request, .answer(answer)) }

    func received(_ page: TopicMembers) -> Bool { finish(page.request, .members(page)) }

    @discardableResult
    private func finish(_ request: ULID, _ reply: Reply) -> Bool {
        guard let continuation = state.withLock({ $0.waiting.removeValue(forKey: request) }) else { return false }
        continuation.resume(returning: reply)
        return true
    }

    // MARK: Refusals

    static func unknown(_ topic: TopicName) -> KinError {
        KinError(
            "unknown_topic", "there is no topic \(topic) that this device may see:  kin topics  lists those there are",
            category: .notFound)
    }

    private static let notConnected = KinError(
        "not_connected", "no server is connected: who is in a topic is said, and changed, where one is",
        category: .unreachable,
        retryable: true)
    private static let unavailable = KinError(
        "topics_unavailable", "the server has no topics: update it, or use another", category: .refused)
    private static let timeout = KinError(
        "timeout", "the server has not answered within \(patience)", category: .unreachable, retryable: true)
    private static let misunderstood = KinError(
        "broker_answer", "the server answered another question", category: .unreachable, retryable: true)

    private static func refusal(_ code: String) -> KinError {
        switch code {
        case "topic_exists":
            KinError(
                code,
                "there is a topic of that name:  kin topics  shows it, and  kin topic join  joins it; where it is not shown it is private, and its name is taken",
                category: .conflict)
        case "unknown_topic":
            KinError(
                code, "there is no topic of that name that this device may see:  kin topics  lists those there are",
                category: .notFound)
        case "topic_not_allowed":
            KinError(code, "this device's certificate does not let it into that topic", category: .refused)
        case "topic_limit":
            KinError(code, "the mesh has as many topics as the server keeps", category: .exhausted)
        case "topic_everybody":
            KinError(code, "every member is in the topic all", category: .refused)
        case "topic_outdated":
            KinError(
                code, "the topic was changed meanwhile: look at it with  kin topic members  and try again",
                category: .conflict, retryable: true)
        case "topic_invalid":
            KinError(
                code, "only who made a private topic, or an owner device in it, says who is in it", category: .refused)
        case "rate_limited":
            KinError(code, "this device changes topics too fast: wait some seconds", category: .busy, retryable: true)
        case "storage_unavailable":
            KinError(code, "the server could not store it: try again later", category: .unreachable, retryable: true)
        default: KinError(code, "the server does not do it: \(code)", category: .refused)
        }
    }
}
