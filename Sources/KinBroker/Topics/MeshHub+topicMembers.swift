import KinEncoding
import KinWire

// Who comes into topics and leaves them with the mesh itself.

extension MeshHub {
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

    /// Members that were revoked leave every topic at once.
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

    /// Ends the sessions of members whose certificates are over, and no post of the epochs that they have keys of is taken any more. Their places are kept:
    /// with another certificate a member gets what came meanwhile. Call about once a second.
    func endExpired(by time: Int64) {
        let ended = state.withLock { state -> [BrokerSession] in
            guard time >= state.nextExpiry else { return [] }
            let expired = state.expired(from: state.nextExpiry, by: time)
            state.noteNextExpiry(after: time)
            for topic in Array(state.topics.named.values) where expired.contains(where: { topic.members[$0] != nil }) {
                let change = topic.change(leaving: [])
                state.topics.apply(change)
                store.put(change, in: key) { _ in }
                tell(topic.name, state, former: topic)
            }
            return expired.flatMap { state.siblings[$0]?.sessions ?? [] }
        }
        for session in ended { session.end(.unauthorized, reason: "certificate_expired") }
    }
}
