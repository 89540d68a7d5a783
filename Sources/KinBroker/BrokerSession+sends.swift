import KinEncoding
import KinWire

// What a ready session sends: into the store, and the answers back.

extension BrokerSession {
    func received(_ frame: ReceivedFrame, _ membership: Membership) {
        switch frame.message {
        case .send(let send):
            state.withLock { $0.burst.append(Submission(send: send, body: frame.body)) }
        case .clientAck(let acks): finished(acks, membership)
        case .memberPut(let put): introduce(put.chain, to: membership.hub)
        case .revocationsGet(let get): answer(get, membership.hub, now: broker.now())
        case .revocations(let revocations): membership.hub.add(revocations.entries, now: broker.now())
        case .succession(let handover): succeed(handover, membership)
        case .settings(let proof): set(proof, membership)
        case .history(let history): tell(history, membership)
        case .topicCreate, .topicJoin, .topicLeave, .topicSet, .topicRekey, .topicMembersGet:
            receivedAboutTopics(frame.message, membership)
        case .error: break
        default:
            broker.metrics.invalidFrames["invalid_message"].add()
            sink.send(
                .error(
                    ErrorFrame(
                        code: "invalid_message",
                        message: "this server does not take \(frame.message.type) from a daemon",
                        ref: frame.message.type)))
        }
    }

    /// Seldom: it costs, and nobody needs it twice.
    private func answer(_ get: RevocationsGet, _ hub: MeshHub, now: Int64) {
        let isDue = state.withLock { state in
            guard !state.isEnding, now - (state.answeredRevocations ?? .min / 2) >= Self.revocationsInterval else {
                return false
            }
            state.answeredRevocations = now
            return true
        }
        guard isDue else { return }
        let missing = Revocations.carrying(hub.ledger.missing(from: get.have))
        sink.send(missing.map { MeshFrame.revocations($0).encoded() })
    }

    private func introduce(_ chain: Chain, to hub: MeshHub) {
        do {
            try broker.verifier.verify(chain, in: hub.mesh, now: broker.now())
            try hub.put(chain)
        } catch {
            sink.send(
                .error(ErrorFrame(code: "chain_invalid", message: String("\(error)".prefix(256)), ref: "member_put")))
        }
    }

    private func succeed(_ handover: Handover, _ membership: Membership) {
        do {
            try broker.verifier.verify(handover, in: membership.hub.mesh, now: broker.now())
        } catch {
            return sink.send(
                .error(
                    ErrorFrame(
                        code: SuccessionRefusal.invalid.rawValue, message: String("\(error)".prefix(256)),
                        ref: "succession")))
        }
        var handover = handover
        handover.drained = false
        membership.hub.succeed(handover, by: membership.member) { [sink] refusal in
            guard let refusal else { return }
            sink.send(.error(ErrorFrame(code: refusal.rawValue, message: refusal.message, ref: "succession")))
        }
    }

    /// Runs inside the store's transaction, for ids it does not know.
    func admit(_ submission: Submission, from sender: ULID, _ hub: MeshHub) -> Refusal? {
        let send = submission.send
        if let refusal = broker.check(submission) { return refusal }
        if hub.isClosed { return .meshSucceeded }
        guard hub.standing(of: sender) == .member else { return .memberRevoked }
        // Before the session's lock: the hub takes that one while it holds its own.
        let refusal = hub.refusal(of: send, from: sender)
        return state.withLock { state in
            if let disorder = state.gate.admit(send) { return disorder }
            if refusal?.retryable == true { state.gate.wait(for: send) }
            return refusal
        }
    }

    /// - Parameter now: when the store was given the burst; the time that it keeps.
    func answer(_ burst: [Submission], with acceptances: [Acceptance], _ membership: Membership, now: Int64) {
        let resume = state.withLock { state -> Bool in
            state.wasRefused = acceptances.contains(where: \.isRefusal)
            state.bytesInStore -= burst.reduce(0) { $0 + $1.body.count }
            guard state.isPaused, state.bytesInStore <= Self.maxBytesInStore / 2 else { return false }
            state.isPaused = false
            return true
        }
        var frames: [[UInt8]] = []
        frames.reserveCapacity(burst.count)
        for (submission, acceptance) in zip(burst, acceptances) {
            broker.metrics.count(acceptance)
            frames.append(answer(submission.send, acceptance).encoded())
        }
        sink.send(frames)
        for (submission, acceptance) in zip(burst, acceptances) {
            if case .stored(let id) = acceptance {
                membership.hub.deliver(submission, id: id, from: membership.member, sentAt: now)
            }
        }
        if resume { sink.pauseReading(false) }
    }

    private func answer(_ send: Send, _ acceptance: Acceptance) -> MeshFrame {
        switch acceptance {
        case .stored(let id):
            return .ack(Ack(clientMessageID: send.clientMessageID, brokerMessageID: id, duplicate: false))
        case .duplicate(let id, let firstSeenAt):
            return .ack(
                Ack(
                    clientMessageID: send.clientMessageID, brokerMessageID: id, duplicate: true,
                    firstSeenAt: firstSeenAt))
        case .refused(let refusal):
            // The gate knows of its own refusals. Telling it again now could hold up what was sent again meanwhile.
            if refusal == .storageFull || refusal == .storageFailed { state.withLock { $0.gate.wait(for: send) } }
            return .nack(
                Nack(
                    clientMessageID: send.clientMessageID, code: refusal.code, retryable: refusal.retryable,
                    storedFingerprint: refusal.storedFingerprint))
        }
    }
}
