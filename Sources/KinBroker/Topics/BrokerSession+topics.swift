import KinEncoding
import KinWire

// What a member asks about topics. Each question has one answer.

extension BrokerSession {
    func receivedAboutTopics(_ message: MeshFrame, _ membership: Membership) {
        let (hub, member) = (membership.hub, membership.member)
        let asking = MeshMember(mesh: hub.mesh, member: member)
        // By member, for a new session costs nothing: each change concerns everybody.
        if broker.topicRate.withLock({ $0.take(asking, now: broker.now()) }) != nil, let request = message.topicRequest
        {
            return answer(request, .tooMany)
        }
        switch message {
        case .topicCreate(let wanted):
            guard isSound(wanted.proof, hub) else { return answer(wanted.request, .invalid) }
            hub.create(wanted, by: member) { self.answer(wanted.request, $0) }
        case .topicJoin(let wanted):
            hub.join(wanted, by: member) { self.answer(wanted.request, $0) }
            pump()
        case .topicLeave(let wanted): hub.leave(wanted.topic, by: member) { self.answer(wanted.request, $0) }
        case .topicSet(let wanted):
            guard isSound(wanted.proof, hub) else { return answer(wanted.request, .invalid) }
            hub.set(wanted.proof, by: member) { self.answer(wanted.request, $0) }
        case .topicRekey(let wanted): hub.rekey(wanted, by: member) { self.answer(wanted.request, $0) }
        case .topicMembersGet(let wanted):
            guard let page = hub.topicMembers(wanted, by: member) else { return answer(wanted.request, .unknown) }
            sink.send(.topicMembers(page))
        default: break
        }
    }

    private func isSound(_ proof: TopicProof?, _ hub: MeshHub) -> Bool {
        guard let proof else { return true }
        return (try? broker.verifier.verify(proof, in: hub.mesh, now: broker.now())) != nil
    }

    private func answer(_ request: ULID, _ refusal: TopicRefusal?) {
        sink.send(.topicAnswer(TopicAnswer(request: request, code: refusal?.rawValue)))
    }
}

extension MeshFrame {
    /// Names the answer to a question about topics.
    fileprivate var topicRequest: ULID? {
        switch self {
        case .topicCreate(let wanted): wanted.request
        case .topicJoin(let wanted): wanted.request
        case .topicLeave(let wanted): wanted.request
        case .topicSet(let wanted): wanted.request
        case .topicRekey(let wanted): wanted.request
        case .topicMembersGet(let wanted): wanted.request
        default: nil
        }
    }
}
