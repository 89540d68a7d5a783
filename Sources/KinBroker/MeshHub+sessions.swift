import KinEncoding
import KinWire

// Who is connected, and what they are told of each other.

extension MeshHub {
    /// Members connected now.
    var memberCount: Int { state.withLock { $0.siblings.count } }

    var sessions: [BrokerSession] { state.withLock { $0.sessions } }

    private func sessions(of member: ULID) -> [BrokerSession] {
        state.withLock { $0.siblings[member]?.sessions ?? [] }
    }

    /// A session that wants to come in.
    struct Newcomer {
        var session: BrokerSession
        var chain: Chain
        /// What the member showed, found valid.
        var credential: JoinCredential?
        /// Names the session in logs.
        var sessionID: [UInt8]
        /// Up to where the member's deliveries are finished, by priority rank.
        var positions: [Int64]
        /// Older sessions of the member that gave no sign of life when asked.
        var silent: [BrokerSession] = []
    }

    /// What became of it.
    enum Joined {
        /// It is in, or its connection has gone.
        case done
        /// These are in its way while they answer.
        case occupied([BrokerSession])
    }

    /// Takes a session in by the policy of the mesh: tells the newcomer who is here, and the others of the newcomer.
    /// - Parameter admit: called once everything is checked and before the newcomer hears of it; returns whether it is still there.
    /// - Throws: `ChainConflict`, `Revoked`, `CredentialRefusal`.
    func join(_ newcomer: Newcomer, admit: () -> Bool) throws -> Joined {
        let lastMessageID = try store.lastMessageID()
        let chain = newcomer.chain
        let (joined, event) = try state.withLock { state -> (Joined, ConcurrentConnection?) in
            try refuseRevoked(chain)
            try checkUses(of: newcomer.credential, by: chain, in: state)
            let policy = policy(state)
            let older = state.siblings[chain.member]?.sessions ?? []
            let inTheWay = older.filter { session in !newcomer.silent.contains { $0 === session } }
            if policy == .preferOldest, !inTheWay.isEmpty { return (.occupied(inTheWay), nil) }
            let isNew = try keep(chain, in: &state)
            guard admit() else {
                announce(chain, isNew: isNew, cameOnline: false, in: &state)
                return (.done, nil)
            }
            if policy != .allowConcurrent { replace(older, of: chain.member, in: &state) }
            state.siblings[chain.member, default: Siblings()].add(newcomer.session, at: newcomer.positions)
            state.departures.came(chain.member, at: newcomer.positions)
            if let position = state.rewound.position(of: chain.member, now: now()) {
                state.siblings[chain.member]?.rewind(to: position)
            }
            welcome(
                newcomer.session,
                Ready(
                    member: chain.member, session: newcomer.sessionID, store: store.identity,
                    lastMessageID: lastMessageID),
                &state)
            announce(chain, isNew: isNew, cameOnline: older.isEmpty, in: &state)
            return (.done, older.isEmpty ? nil : concurrent(chain.member, policy))
        }
        if let event { audit(event) }
        return joined
    }

    /// A newcomer was refused because an older session answered.
    func refused(_ member: ULID) {
        audit(
            ConcurrentConnection(
                member: MeshMember(mesh: mesh, member: member), policy: .preferOldest, outcome: .refused))
    }

    private func concurrent(_ member: ULID, _ policy: ConcurrentPolicy) -> ConcurrentConnection {
        let outcome: ConcurrentConnection.Outcome =
            switch policy {
            case .preferNewest: .replaced
            case .preferOldest: .silent
            case .allowConcurrent: .both
            }
        return ConcurrentConnection(
            member: MeshMember(mesh: mesh, member: member), policy: policy, outcome: outcome)
    }

    /// Ends what older sessions were handed, before the newcomer is handed anything.
    private func replace(_ older: [BrokerSession], of member: ULID, in state: inout State) {
        for session in older {
            session.end(.replacedByNewerConnection)
            _ = state.siblings[member]?.remove(session)
        }
    }

    /// Hands a message that was just stored to its recipients that are connected.
    func deliver(_ submission: Submission, id: Int64, from sender: ULID, sentAt: Int64) {
        let send = submission.send
        let push = Push(
            brokerMessageID: id, clientMessageID: send.clientMessageID, sender: sender, line: send.line, seq: send.seq,
            destination: send.destination, priority: send.priority, sentAt: sentAt, epoch: send.epoch)
        let message = StoredMessage(push: push, expiresAt: send.expiresAt, body: submission.body)
        switch send.destination {
        case .topic(let topic): post(message, to: topic)
        case .dm(let recipient): for session in sessions(of: recipient) { session.offer(message) }
        }
    }

    /// Up to where the deliveries of a member are finished, by priority rank.
    func finished(_ member: ULID) -> [Int64] {
        state.withLock { state in finished(state.siblings[member]?.finished ?? [], of: member, &state) }
    }

    private func finished(_ positions: [Int64], of member: ULID, _ state: inout State) -> [Int64] {
        guard policy(state) == .allowConcurrent else { return positions }
        return state.departures.heldBack(positions, of: member, now: now())
    }

    /// Forgets a session, unless a newer one took its place. What it lacks is kept for an hour under `allow_concurrent`; else what waited for its acknowledgement alone is finished where a sibling gave its own.
    func leave(_ session: BrokerSession, member: ULID) {
        let finished = state.withLock { state -> [Int64] in
            guard var siblings = state.siblings[member], let positions = siblings.remove(session) else { return [] }
            state.departures.left(member, at: positions, now: now())
            let isLast = siblings.sessions.isEmpty
            state.siblings[member] = isLast ? nil : siblings
            if isLast {
                state.version += 1
                let frame = MeshFrame.peerLeave(MemberChange(member: member, version: state.version)).encoded()
                for other in state.sessions { other.sink.send([frame]) }
            }
            return self.finished(siblings.finished, of: member, &state)
        }
        if finished.contains(where: { $0 > 0 }) { store.advance(member, in: key) { finished } }
    }

    private func welcome(_ session: BrokerSession, _ ready: Ready, _ state: inout State) {
        var frames = [MeshFrame.ready(ready).encoded()]
        let time = now()
        for (other, chain) in state.chains where !state.revoked.contains(other) && !Self.isLongOver(chain, by: time) {
            frames.append(MeshFrame.member(Member(chain: chain, online: state.siblings[other] != nil)).encoded())
        }
        frames.append(MeshFrame.membersEnd(MembersEnd(version: state.version)).encoded())
        if let settings = holding(state) { frames.append(MeshFrame.settings(settings).encoded()) }
        frames += state.successions.kept.map { MeshFrame.succession($0).encoded() }
        session.sink.send(frames + topicFrames(for: ready.member, state))
    }

    /// Whether nobody takes a message of that member any more: what was sent before the end of a certificate is taken for 45 days.
    private static func isLongOver(_ chain: Chain, by time: Int64) -> Bool {
        chain.certificate.expiresAt.map { $0 + 46 * 86_400_000 <= time } ?? false
    }

    func announce(_ chain: Chain, isNew: Bool, cameOnline: Bool, in state: inout State) {
        guard isNew || cameOnline else { return }
        state.version += 1
        let event: MeshFrame =
            isNew
            ? .memberJoined(
                MemberJoined(chain: chain, online: state.siblings[chain.member] != nil, version: state.version))
            : .peerJoin(MemberChange(member: chain.member, version: state.version))
        let frame = event.encoded()
        for (member, siblings) in state.siblings where member != chain.member {
            for other in siblings.sessions { other.sink.send([frame]) }
        }
    }
}
