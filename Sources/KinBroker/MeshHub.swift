import KinEncoding
import KinWire
import Synchronization

/// One mesh while the broker runs: its members, and who is connected.
///
/// Frames that tell of members are sent while the lock is held, so that every session sees the changes in one order. Sinks never wait.
final class MeshHub: Sendable {
    let mesh: MeshID
    let key: MeshKey
    let ledger: any BrokerLedger
    private let store: any BrokerStore
    private let index: MemberIndex

    private struct State {
        var chains: [ULID: Chain] = [:]
        /// Members whose chains are known and who are revoked.
        var revoked: Set<ULID> = []
        var sessions: [ULID: BrokerSession] = [:]
        var version: Int64 = 0
        var successions = Successions()
    }
    private let state: Mutex<State>

    init(_ stored: StoredMesh, store: any BrokerStore, ledger: any BrokerLedger, index: MemberIndex) {
        mesh = stored.mesh
        key = stored.key
        self.store = store
        self.ledger = ledger
        self.index = index
        let chains = Dictionary(stored.chains.map { ($0.member, $0) }) { _, later in later }
        let revoked = chains.filter { !ledger.revocations(of: $0.value).isEmpty }
        state = Mutex(State(chains: chains, revoked: Set(revoked.keys), successions: Successions(stored.handovers)))
        for chain in chains.values { index.note(chain, in: mesh, replacing: nil) }
    }

    /// How a member stands here.
    enum Standing { case unknown, member, revoked }

    func standing(of member: ULID) -> Standing {
        state.withLock { state in
            if state.revoked.contains(member) { return .revoked }
            return state.chains[member] == nil ? .unknown : .member
        }
    }

    /// The chain of a member that is not revoked.
    func chain(of member: ULID) -> Chain? {
        state.withLock { $0.revoked.contains(member) ? nil : $0.chains[member] }
    }

    func session(of member: ULID) -> BrokerSession? { state.withLock { $0.sessions[member] } }

    var sessionCount: Int { state.withLock { $0.sessions.count } }

    var sessions: [BrokerSession] { state.withLock { Array($0.sessions.values) } }

    /// Takes a session in: ends an older one of the same member, tells the newcomer who is here, and the others of the newcomer.
    /// - Parameters:
    ///   - credential: what the member showed, found valid.
    ///   - admit: called once everything is checked and before the newcomer hears of it; returns whether it is still there.
    /// - Throws: `ChainConflict`, `Revoked`, `CredentialRefusal`.
    func join(
        _ session: BrokerSession, chain: Chain, credential: JoinCredential?, sessionID: [UInt8], admit: () -> Bool
    ) throws {
        let lastMessageID = try store.lastMessageID()
        let replaced = try state.withLock { state -> BrokerSession? in
            try refuseRevoked(chain)
            try checkUses(of: credential, by: chain, in: state)
            let isNew = try keep(chain, in: &state)
            guard admit() else {
                announce(chain, isNew: isNew, cameOnline: false, in: &state)
                return nil
            }
            let older = state.sessions.updateValue(session, forKey: chain.member)
            welcome(
                session,
                Ready(
                    member: chain.member, session: sessionID, store: store.identity, lastMessageID: lastMessageID),
                &state)
            announce(chain, isNew: isNew, cameOnline: older == nil, in: &state)
            return older
        }
        replaced?.end(.replacedByNewerConnection)
    }

    /// Keeps a chain that a member introduced.
    /// - Throws: `ChainConflict`, `Revoked`.
    func put(_ chain: Chain) throws {
        try state.withLock { state in
            try refuseRevoked(chain)
            try checkUses(of: nil, by: chain, in: state)
            if try keep(chain, in: &state) { announce(chain, isNew: true, cameOnline: false, in: &state) }
        }
    }

    /// Hands a message that was just stored to its recipient, if that is connected.
    func deliver(_ submission: Submission, id: Int64, from sender: ULID, sentAt: Int64) {
        let send = submission.send
        guard case .dm(let recipient) = send.destination, let session = session(of: recipient) else { return }
        let push = Push(
            brokerMessageID: id, clientMessageID: send.clientMessageID, sender: sender, line: send.line, seq: send.seq,
            destination: send.destination, priority: send.priority, sentAt: sentAt, epoch: send.epoch)
        session.offer(StoredMessage(push: push, expiresAt: send.expiresAt, body: submission.body))
    }

    /// A new member by an issuer key that was given away counts against that key's limit.
    private func checkUses(of credential: JoinCredential?, by chain: Chain, in state: State) throws(CredentialRefusal) {
        guard let issuer = chain.issuer, JoinCredential.isNeeded(beside: issuer), state.chains[chain.member] == nil
        else { return }
        guard let credential, credential.mesh == mesh, credential.credential == issuer.issuer,
            credential.ed25519 == issuer.ed25519
        else { throw .needed }
        let joined = state.chains.values.count { $0.issuer?.issuer == issuer.issuer }
        guard joined < credential.uses else { throw .usedUp }
    }

    private func refuseRevoked(_ chain: Chain) throws(Revoked) {
        let proofs = ledger.revocations(of: chain)
        guard proofs.isEmpty else { throw Revoked(proofs: proofs) }
    }

    /// Takes entries of the revocation log in: keeps them, tells everybody, and ends the sessions of those they revoke.
    func add(_ proofs: [RevocationProof], now: Int64) {
        let ended = state.withLock { state -> [BrokerSession] in
            // Once a new wallet would take over the old one's word is worth nothing: whoever found its phrase would revoke everybody.
            guard state.successions.kept.isEmpty else { return [] }
            let (new, replaced) = ledger.add(proofs, now: now)
            guard !new.isEmpty else { return [] }
            let revoked = state.chains.keys.filter { member in
                !state.revoked.contains(member)
                    && state.chains[member].map { !ledger.revocations(of: $0).isEmpty } ?? false
            }
            store.put(new, replacing: replaced, droppingQueuesOf: revoked, in: key)
            var frames = Revocations.carrying(new).map { MeshFrame.revocations($0).encoded() }
            for session in state.sessions.values { session.sink.send(frames) }
            frames = revoked.map { member in
                state.version += 1
                return MeshFrame.memberRevoked(MemberChange(member: member, version: state.version)).encoded()
            }
            let ended = revoked.compactMap { state.sessions.removeValue(forKey: $0) }
            state.revoked.formUnion(revoked)
            for session in state.sessions.values { session.sink.send(frames) }
            return ended
        }
        for session in ended { session.end(.memberRevoked) }
    }

    // MARK: Successions

    /// The succession that holds: it is on disk, and no other wallet claims it.
    var succession: Handover? { state.withLock { $0.successions.accepted } }

    /// Whether that mesh would take this one's place: one of several claims too, for each device's user decides.
    func isSucceeded(by mesh: MeshID) -> Bool {
        state.withLock { $0.successions.kept.contains { $0.succession.heir == mesh } }
    }

    /// Whether nothing more is taken here.
    var isClosed: Bool { state.withLock { $0.successions.isClosed } }

    /// Takes in what a member says of a new wallet, verified before.
    ///
    /// From this moment sends are refused; once it is on disk, and with it everything taken before, everybody is told.
    /// - Parameter answer: called with why it is not taken, nil where it is.
    func succeed(_ handover: Handover, by member: ULID, answer: @escaping @Sendable (SuccessionRefusal?) -> Void) {
        let taking = state.withLock { state -> Successions.Taking in
            guard handover.succession.member == member, state.chains[member] == handover.owner,
                !state.revoked.contains(member)
            else { return .refused(.invalid) }
            return state.successions.take(handover)
        }
        switch taking {
        case .refused(let refusal): answer(refusal)
        case .known(let known):
            answer(
                state.withLock { state in
                    state.sessions[member]?.sink.send([MeshFrame.succession(known).encoded()])
                    return state.successions.refusal
                })
        case .news(let kept):
            store.put(kept, in: key) { [self] isStored in
                answer(isStored ? tell(handover) : takeBack())
                for session in sessions { session.pump() }
            }
        }
    }

    private func tell(_ handover: Handover) -> SuccessionRefusal? {
        state.withLock { state in
            state.successions.stored(handover)
            let frame = MeshFrame.succession(handover).encoded()
            for session in state.sessions.values { session.sink.send([frame]) }
            return state.successions.refusal
        }
    }

    private func takeBack() -> SuccessionRefusal? {
        state.withLock { $0.successions.takenBack() }
        return .notStored
    }

    /// Forgets a session, unless a newer one took its place.
    func leave(_ session: BrokerSession, member: ULID) {
        state.withLock { state in
            guard state.sessions[member] === session else { return }
            state.sessions[member] = nil
            state.version += 1
            let frame = MeshFrame.peerLeave(MemberChange(member: member, version: state.version)).encoded()
            for other in state.sessions.values { other.sink.send([frame]) }
        }
    }

    /// Returns whether the member was unknown.
    private func keep(_ chain: Chain, in state: inout State) throws(ChainConflict) -> Bool {
        let known = state.chains[chain.member]
        if known == chain { return false }
        if let known { try ChainConflict.check(chain, replacing: known) }
        state.chains[chain.member] = chain
        index.note(chain, in: mesh, replacing: known)
        store.put(chain, in: key)
        return known == nil
    }

    private func welcome(_ session: BrokerSession, _ ready: Ready, _ state: inout State) {
        var frames = [MeshFrame.ready(ready).encoded()]
        for (other, chain) in state.chains where !state.revoked.contains(other) {
            frames.append(MeshFrame.member(Member(chain: chain, online: state.sessions[other] != nil)).encoded())
        }
        frames.append(MeshFrame.membersEnd(MembersEnd(version: state.version)).encoded())
        frames += state.successions.kept.map { MeshFrame.succession($0).encoded() }
        session.sink.send(frames)
    }

    private func announce(_ chain: Chain, isNew: Bool, cameOnline: Bool, in state: inout State) {
        guard isNew || cameOnline else { return }
        state.version += 1
        let event: MeshFrame =
            isNew
            ? .memberJoined(
                MemberJoined(chain: chain, online: state.sessions[chain.member] != nil, version: state.version))
            : .peerJoin(MemberChange(member: chain.member, version: state.version))
        let frame = event.encoded()
        for (member, other) in state.sessions where member != chain.member { other.sink.send([frame]) }
    }
}
