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
    let store: any BrokerStore
    /// Where the mesh has no settings.
    let defaultPolicy: ConcurrentPolicy
    /// Milliseconds.
    let now: @Sendable () -> Int64
    /// Told of members that connect while they are connected.
    let audit: @Sendable (ConcurrentConnection) -> Void
    private let index: MemberIndex

    struct State {
        var chains: [ULID: Chain] = [:]
        /// Members whose chains are known and who are revoked.
        var revoked: Set<ULID> = []
        /// Of members that are connected.
        var siblings: [ULID: Siblings] = [:]
        var departures: Departures
        var version: Int64 = 0
        var successions = Successions()
        var settings = HeldSettings()
        var topics: Topics
        /// When the next certificate is over, milliseconds; until then none is looked at.
        var nextExpiry = Int64.max
        var rewound = Rewound()

        var sessions: [BrokerSession] { siblings.values.flatMap(\.sessions) }

        /// Members whose certificates ended from one time to another.
        func expired(from start: Int64, by time: Int64) -> [ULID] {
            chains.values.filter { $0.hasEnded(by: time) && !$0.hasEnded(by: start - 1) }.map(\.member)
        }

        mutating func noteNextExpiry(after time: Int64) {
            nextExpiry = chains.values.compactMap(\.certificate.expiresAt).filter { $0 > time }.min() ?? .max
        }
    }
    let state: Mutex<State>

    init(
        _ stored: StoredMesh, store: any BrokerStore, ledger: any BrokerLedger, index: MemberIndex,
        defaultPolicy: ConcurrentPolicy, now: @escaping @Sendable () -> Int64,
        audit: @escaping @Sendable (ConcurrentConnection) -> Void
    ) {
        mesh = stored.mesh
        key = stored.key
        self.store = store
        self.ledger = ledger
        self.index = index
        self.defaultPolicy = defaultPolicy
        self.now = now
        self.audit = audit
        let chains = Dictionary(stored.chains.map { ($0.member, $0) }) { _, later in later }
        let revoked = chains.filter { !ledger.revocations(of: $0.value).isEmpty }
        state = Mutex(
            State(
                chains: chains, revoked: Set(revoked.keys), departures: Departures(startedAt: now()),
                successions: Successions(stored.handovers),
                settings: HeldSettings(stored.settings), topics: Topics(stored.topics)))
        for chain in chains.values { index.note(chain, in: mesh, replacing: nil) }
        // A write may have failed before the start.
        state.withLock { state in
            removeFromTopics(Array(revoked.keys), in: &state)
            state.noteNextExpiry(after: now())
        }
        welcomeToEverybody(chains.values.filter { revoked[$0.member] == nil })
    }

    /// How a member stands here.
    enum Standing { case unknown, member, revoked }

    func standing(of member: ULID) -> Standing {
        state.withLock { state in
            if state.revoked.contains(member) { return .revoked }
            return state.chains[member] == nil ? .unknown : .member
        }
    }

    /// Why a send cannot go where it is to go.
    func refusal(of send: Send, from sender: ULID) -> Refusal? {
        switch send.destination {
        case .topic(let topic): refusal(of: topic, send.epoch, send.priority, from: sender)
        case .dm(let recipient):
            switch standing(of: recipient) {
            case .member: nil
            case .revoked: .memberRevoked
            case .unknown: .unknownMember
            }
        }
    }

    /// The chain of a member that is not revoked.
    func chain(of member: ULID) -> Chain? {
        state.withLock { $0.revoked.contains(member) ? nil : $0.chains[member] }
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

    /// A new member by an issuer key that was given away counts against that key's limit.
    func checkUses(of credential: JoinCredential?, by chain: Chain, in state: State) throws(CredentialRefusal) {
        guard let issuer = chain.issuer, JoinCredential.isNeeded(beside: issuer), state.chains[chain.member] == nil
        else { return }
        guard let credential, credential.mesh == mesh, credential.credential == issuer.issuer,
            credential.ed25519 == issuer.ed25519
        else { throw .needed }
        let joined = state.chains.values.count { $0.issuer?.issuer == issuer.issuer }
        guard joined < credential.uses else { throw .usedUp }
    }

    func refuseRevoked(_ chain: Chain) throws(Revoked) {
        let proofs = ledger.revocations(of: chain)
        guard proofs.isEmpty else { throw Revoked(proofs: proofs) }
    }

    /// Takes entries of the revocation log in: keeps them, tells everybody, and ends the sessions of those they revoke.
    func add(_ proofs: [RevocationProof], now: Int64) {
        let (ended, superfluous) = state.withLock { state -> ([BrokerSession], [Superfluous]) in
            // Once a new wallet would take over the old one's word is worth nothing: whoever found its phrase would revoke everybody.
            guard state.successions.kept.isEmpty else { return ([], []) }
            let (new, replaced) = ledger.add(proofs, now: now)
            guard !new.isEmpty else { return ([], []) }
            let revoked = state.chains.keys.filter { member in
                !state.revoked.contains(member)
                    && state.chains[member].map { !ledger.revocations(of: $0).isEmpty } ?? false
            }
            store.put(new, replacing: replaced, droppingQueuesOf: revoked, in: key)
            var frames = Revocations.carrying(new).map { MeshFrame.revocations($0).encoded() }
            for session in state.sessions { session.sink.send(frames) }
            frames = revoked.map { member in
                state.version += 1
                return MeshFrame.memberRevoked(MemberChange(member: member, version: state.version)).encoded()
            }
            let ended = revoked.flatMap { state.siblings.removeValue(forKey: $0)?.sessions ?? [] }
            state.revoked.formUnion(revoked)
            removeFromTopics(revoked, in: &state)
            for session in state.sessions { session.sink.send(frames) }
            // Settings fall with whoever signed them.
            return (ended, takeOutSuperfluous(&state))
        }
        for session in ended { session.end(.memberRevoked) }
        for (session, code) in superfluous { session.end(code) }
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
                    let frame = MeshFrame.succession(known).encoded()
                    for session in state.siblings[member]?.sessions ?? [] { session.sink.send([frame]) }
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
            for session in state.sessions { session.sink.send([frame]) }
            return state.successions.refusal
        }
    }

    private func takeBack() -> SuccessionRefusal? {
        state.withLock { $0.successions.takenBack() }
        return .notStored
    }

    /// Returns whether the member was unknown.
    func keep(_ chain: Chain, in state: inout State) throws(ChainConflict) -> Bool {
        let known = state.chains[chain.member]
        if known == chain { return false }
        if let known { try chain.check(replacing: known) }
        state.chains[chain.member] = chain
        index.note(chain, in: mesh, replacing: known)
        store.put(chain, in: key)
        state.nextExpiry = min(state.nextExpiry, chain.certificate.expiresAt ?? .max)
        leaveForbiddenTopics(chain, in: &state)
        joinEverybody(chain, in: &state)
        return known == nil
    }
}
