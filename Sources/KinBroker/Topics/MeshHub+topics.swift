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
        let last = beginning(of: wanted, for: member)
        change(wanted.topic, by: member, answer: answer) { state, certificate throws(TopicFault) in
            guard let known = state.topics[wanted.topic], known.mayBeSeen(by: certificate) else {
                throw TopicFault(.unknown)
            }
            guard known.members[member] == nil else { return nil }
            guard let last else { throw TopicFault(.notStored) }
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
            // Of two that were worked out from the same one the second is worked out again.
            guard list.seq > before.seq else {
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
            let time = now()
            let ids = known.members.keys.filter { id in
                id.description > after && !state.revoked.contains(id)
                    && state.chains[id].map { !$0.hasEnded(by: time) } ?? true
            }
            .sorted { $0.description < $1.description }
            return TopicMembers(
                request: wanted.request, ids: Array(ids.prefix(TopicMembers.maxMembers)),
                more: ids.count > TopicMembers.maxMembers)
        }
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
                guard let chain = state.chains[member], !state.revoked.contains(member), !chain.hasEnded(by: now())
                else {
                    throw TopicFault(.notAllowed)
                }
                guard let change = try body(state, chain.certificate) else { return false }
                let former = state.topics[topic]
                state.topics.apply(change)
                for (joining, since) in change.joining { state.siblings[joining]?.rewind(to: since) }
                if let rewinding = change.rewinding { state.rewound.note(rewinding, now: now()) }
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
    func tell(_ topic: TopicName, _ state: State, former: StoredTopic?) {
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
        return chain.mayReplace(state.chains[chain.member])
    }

    /// The message id above which posts are a joining member's; nil where the store cannot be read. Of the time before it was certified it is told nothing.
    ///
    /// Read before the lock is taken: posts of the meantime lie above.
    private func beginning(of wanted: TopicJoin, for member: ULID) -> Int64? {
        let issuedAt = state.withLock { $0.chains[member]?.certificate.issuedAt }
        let since = wanted.since.map { max($0, issuedAt ?? $0) }
        return try? since.map { try store.lastMessageID(before: $0) } ?? store.lastMessageID()
    }

    private func lastMessageID() throws(TopicFault) -> Int64 {
        do { return try store.lastMessageID() } catch { throw TopicFault(.notStored) }
    }
}

/// A change that is not made.
private struct TopicFault: Error {
    let refusal: TopicRefusal

    init(_ refusal: TopicRefusal) { self.refusal = refusal }
}
