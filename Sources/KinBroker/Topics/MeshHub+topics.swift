import KinEncoding
import KinWire

// Topics: who is in them, and what is told of that.

extension MeshHub {
    typealias TopicCompletion = @Sendable (TopicRefusal?) -> Void

    /// What a session is told of topics when it comes in.
    func topicFrames(for member: ULID, _ state: State) -> [[UInt8]] {
        guard let certificate = state.chains[member]?.certificate else { return [] }
        let seen = state.topics.named.values.filter { $0.mayBeSeen(by: certificate) }.sorted {
            $0.name.description < $1.name.description
        }
        return seen.map { MeshFrame.topic($0.state(for: member)).encoded() }
            + [MeshFrame.topicsEnd(TopicsEnd()).encoded()]
    }

    func create(_ wanted: TopicCreate, by member: ULID, answer: @escaping TopicCompletion) {
        change(wanted.topic, by: member, answer: answer) { state, certificate throws(TopicFault) in
            guard state.topics[wanted.topic] == nil else { throw TopicFault(.exists) }
            guard !state.topics.isFull else { throw TopicFault(.limit) }
            if let list = wanted.proof?.list {
                // One in it may bring it again to a server that lost it.
                guard let proof = wanted.proof, isOfRecord(proof.signer, state) else { throw TopicFault(.invalid) }
                guard list.members.contains(member) else { throw TopicFault(.notAllowed) }
            } else if certificate.role == .guest {
                throw TopicFault(.notAllowed)
            }
            guard TopicRights.allow(certificate, wanted.topic, list: wanted.proof?.list) else {
                throw TopicFault(.notAllowed)
            }
            // Whoever is on the list of a private topic is in it.
            let last = try lastMessageID()
            let joining = wanted.proof?.list.members ?? [member]
            return TopicChange(
                name: wanted.topic, proof: wanted.proof, minEpoch: 0,
                joining: Dictionary(joining.map { ($0, last) }) { first, _ in first })
        }
    }

    func join(_ wanted: TopicJoin, by member: ULID, answer: @escaping TopicCompletion) {
        change(wanted.topic, by: member, answer: answer) { state, certificate throws(TopicFault) in
            guard let known = state.topics[wanted.topic], known.mayBeSeen(by: certificate) else {
                throw TopicFault(.unknown)
            }
            guard known.members[member] == nil else { return nil }
            // Of the time before it was certified it is told nothing.
            let last = try lastMessageID(before: wanted.since.map { max($0, certificate.issuedAt) })
            var change = TopicChange(
                name: wanted.topic, proof: known.proof, minEpoch: known.minEpoch, joining: [member: last])
            if wanted.since != nil {
                // What it was handed of other conversations meanwhile lies above: it comes again, and is recognised.
                change.rewinding = Rewinding(member: member, to: last)
            }
            return change
        }
    }

    func leave(_ topic: TopicName, by member: ULID, answer: @escaping TopicCompletion) {
        change(topic, by: member, answer: answer) { state, certificate throws(TopicFault) in
            guard topic != .everybody else { throw TopicFault(.everybody) }
            guard let known = state.topics[topic], known.mayBeSeen(by: certificate) else { throw TopicFault(.unknown) }
            return known.members[member] == nil ? nil : known.change(leaving: [member])
        }
    }

    /// Takes in a list whose signature was verified.
    func set(_ proof: TopicProof, by member: ULID, answer: @escaping TopicCompletion) {
        let list = proof.list
        change(list.topic, by: member, answer: answer) { state, certificate throws(TopicFault) in
            guard let known = state.topics[list.topic], let before = known.proof?.list,
                known.mayBeSeen(by: certificate) || certificate.role == .owner
            else { throw TopicFault(.unknown) }
            guard list.creator == before.creator, isOfRecord(proof.signer, state),
                TopicRights.allowSetting(proof.signer.certificate, after: before)
            else { throw TopicFault(.invalid) }
            guard list.isNewer(than: before) else {
                if list == before { return nil }
                throw TopicFault(.outdated)
            }
            guard proof.follows(known.proof) else { throw TopicFault(.invalid) }
            let left = before.members.filter { !list.members.contains($0) }
            let new = list.members.filter { !before.members.contains($0) }
            var change = TopicChange(name: known.name, proof: proof, minEpoch: known.minEpoch)
            if !left.isEmpty { change = known.change(leaving: left, proof: proof) }
            if !new.isEmpty {
                let last = try lastMessageID()
                change.joining = Dictionary(new.map { ($0, last) }) { first, _ in first }
            }
            return change
        }
    }

    func rekey(_ wanted: TopicRekey, by member: ULID, answer: @escaping TopicCompletion) {
        change(wanted.topic, by: member, answer: answer) { state, certificate throws(TopicFault) in
            guard let known = state.topics[wanted.topic], known.members[member] != nil else {
                throw TopicFault(.unknown)
            }
            guard wanted.counter <= known.highestEpoch else { throw TopicFault(.epochAhead) }
            guard wanted.counter > known.minEpoch else { return nil }
            return TopicChange(name: known.name, proof: known.proof, minEpoch: wanted.counter)
        }
    }

    /// Those in a topic, by rising id; nil where the member may not see it.
    func topicMembers(_ wanted: TopicMembersGet, by member: ULID) -> TopicMembers? {
        state.withLock { state in
            guard let known = state.topics[wanted.topic], let certificate = state.chains[member]?.certificate,
                known.mayBeSeen(by: certificate)
            else { return nil }
            let after = wanted.after?.description ?? ""
            let ids = known.members.keys.filter { $0.description > after && !state.revoked.contains($0) }
                .sorted { $0.description < $1.description }
            return TopicMembers(
                request: wanted.request, ids: Array(ids.prefix(TopicMembers.maxMembers)),
                more: ids.count > TopicMembers.maxMembers)
        }
    }

    // MARK: Posts

    /// Why a post may not be taken now. Of one that may the epoch counts from here on: whoever leaves next has read it.
    func refusal(of topic: TopicName, _ epoch: Epoch?, _ priority: Priority, from sender: ULID) -> Refusal? {
        state.withLock { state in
            guard let known = state.topics[topic], known.members[sender] != nil else { return .unknownTopic }
            guard let counter = epoch?.counter, counter > 0 else { return .epochMissing }
            if counter < max(known.minEpoch, 1) { return .epochStale }
            if counter > known.highestEpoch { return .epochAhead }
            state.topics.admitted(counter, priority, in: topic)
            return nil
        }
    }

    /// The topics with anything for that member behind a position.
    func subscriptions(of member: ULID, priority: Priority, after position: Int64) -> [Subscription] {
        state.withLock { $0.topics.subscriptions(of: member, priority: priority, after: position) }
    }

    /// Every topic that `member` is in.
    func subscriptions(of member: ULID) -> [Subscription] { state.withLock { $0.topics.subscriptions(of: member) } }

    /// A topic that `member` is in; nil where it is in none of that name.
    func subscription(of member: ULID, to topic: TopicName) -> Subscription? {
        state.withLock { state in
            state.topics[topic]?.members[member].map { Subscription(topic: topic, since: $0) }
        }
    }

    /// Whether a member is in a topic.
    func isMember(_ member: ULID, of topic: TopicName) -> Bool { subscription(of: member, to: topic) != nil }

    /// Hands a post that was just stored to those in the topic that are connected, but not to its sender.
    func post(_ message: StoredMessage, to topic: TopicName) {
        let push = message.push
        let sessions = state.withLock { state -> [BrokerSession] in
            state.topics.posted(topic, id: push.brokerMessageID, priority: push.priority)
            guard let members = state.topics[topic]?.members else { return [] }
            return state.siblings.flatMap { member, siblings in
                members[member] != nil && member != push.sender ? siblings.sessions : []
            }
        }
        guard !sessions.isEmpty else { return }
        let frame = MeshFrame.push(push).encoded(body: message.body)
        for session in sessions { session.offer(message, encoded: frame) }
    }

    // MARK: Members

    /// Members of the time before there were topics.
    func welcomeToEverybody(_ chains: [Chain]) {
        state.withLock { state in
            for chain in chains { joinEverybody(chain, in: &state) }
        }
    }

    /// A new member is in `all`, since it was certified: a server that lost its store sees the old ones for the first time again.
    func joinEverybody(_ chain: Chain, in state: inout State) {
        guard state.topics[.everybody]?.members[chain.member] == nil, !chain.hasEnded(by: now()),
            TopicRights.allow(chain.certificate, .everybody)
        else { return }
        // Where that cannot be read it gets all that is there.
        let since = (try? store.lastMessageID(before: chain.certificate.issuedAt)) ?? 0
        let change = TopicChange(
            name: .everybody, proof: nil, minEpoch: state.topics[.everybody]?.minEpoch ?? 0,
            joining: [chain.member: since])
        state.topics.apply(change)
        // Where it fails, it is done again at the next start.
        store.put(change, in: key) { _ in }
    }

    /// A member with another certificate leaves what that does not let it into.
    func leaveForbiddenTopics(_ chain: Chain, in state: inout State) {
        removeFromTopics([chain.member], in: &state) { !$0.mayBeSeen(by: chain.certificate) }
    }

    /// Members that were revoked, or whose certificates are over, leave every topic at once.
    func removeFromTopics(
        _ members: [ULID], in state: inout State, where isMeant: (StoredTopic) -> Bool = { _ in true }
    ) {
        for topic in state.topics.named.values.filter(isMeant) {
            let gone = members.filter { topic.members[$0] != nil }
            guard !gone.isEmpty else { continue }
            let change = topic.change(leaving: gone)
            state.topics.apply(change)
            // Where it fails, it is done again at the next start.
            store.put(change, in: key) { _ in }
            tell(topic.name, state, former: topic)
        }
    }

    /// Ends the sessions of members whose certificates are over, and takes them out of topics. Call about once a second.
    func endExpired(by time: Int64) {
        let ended = state.withLock { state -> [BrokerSession] in
            guard time >= state.nextExpiry else { return [] }
            let expired = state.chains.values.filter { $0.hasEnded(by: time) }.map(\.member)
            state.noteNextExpiry(after: time)
            removeFromTopics(expired, in: &state)
            return expired.flatMap { state.siblings[$0]?.sessions ?? [] }
        }
        for session in ended { session.end(.unauthorized, reason: "certificate_expired") }
    }

    // MARK: Inside

    /// Works a change out, makes it, tells who may see it, and answers once it is on disk. nil: nothing changes.
    ///
    /// All of it with the lock held: the next change is worked out from what this one leaves. Where the disk fails it holds until the next start; members
    /// tell a server what it lost.
    private func change(
        _ topic: TopicName, by member: ULID, answer: @escaping TopicCompletion,
        _ body: (State, Certificate) throws(TopicFault) -> TopicChange?
    ) {
        let isChanged: Bool
        do throws(TopicFault) {
            isChanged = try state.withLock { state throws(TopicFault) -> Bool in
                guard let certificate = state.chains[member]?.certificate, !state.revoked.contains(member) else {
                    throw TopicFault(.notAllowed)
                }
                guard let change = try body(state, certificate) else { return false }
                let former = state.topics[topic]
                state.topics.apply(change)
                for (joining, since) in change.joining { state.siblings[joining]?.rewind(to: since) }
                tell(topic, state, former: former)
                // It only queues: the answer comes from the store's writer.
                store.put(change, in: key) { isStored in answer(isStored ? nil : .notStored) }
                return true
            }
        } catch {
            return answer(error.refusal)
        }
        if !isChanged { answer(nil) }
    }

    /// Called with the lock held: how the topic stands, to each who may see it, and that it is gone to who might before.
    private func tell(_ topic: TopicName, _ state: State, former: StoredTopic?) {
        let known = state.topics[topic]
        for (member, siblings) in state.siblings {
            guard let certificate = state.chains[member]?.certificate else { continue }
            let frame: [UInt8]
            if let known, known.mayBeSeen(by: certificate) {
                guard former.map({ $0.state(for: member) != known.state(for: member) }) ?? true else { continue }
                frame = MeshFrame.topic(known.state(for: member)).encoded()
            } else if former?.mayBeSeen(by: certificate) == true {
                frame = MeshFrame.topicGone(TopicGone(topic: topic)).encoded()
            } else {
                continue
            }
            for session in siblings.sessions { session.sink.send([frame]) }
        }
    }

    private func isOfRecord(_ chain: Chain, _ state: State) -> Bool {
        guard ledger.revocations(of: chain).isEmpty else { return false }
        guard let known = state.chains[chain.member] else { return true }
        return (try? ChainConflict.check(chain, replacing: known)) != nil
    }

    /// - Parameter time: milliseconds; nil: now.
    private func lastMessageID(before time: Int64? = nil) throws(TopicFault) -> Int64 {
        do { return try time.map { try store.lastMessageID(before: $0) } ?? store.lastMessageID() } catch {
            throw TopicFault(.notStored)
        }
    }
}

/// A change that is not made.
private struct TopicFault: Error {
    let refusal: TopicRefusal

    init(_ refusal: TopicRefusal) { self.refusal = refusal }
}
