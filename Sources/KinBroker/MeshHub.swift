import KinEncoding
import KinWire
import Synchronization

/// One mesh while the broker runs: its members, and who is connected.
///
/// Frames that tell of members are sent while the lock is held, so that every session sees the changes in one order. Sinks never wait.
final class MeshHub: Sendable {
    let mesh: MeshID
    let key: MeshKey
    private let store: any BrokerStore
    private let index: MemberIndex

    private struct State {
        var chains: [ULID: Chain] = [:]
        var sessions: [ULID: BrokerSession] = [:]
        var version: Int64 = 0
    }
    private let state: Mutex<State>

    init(_ stored: StoredMesh, store: any BrokerStore, index: MemberIndex) {
        mesh = stored.mesh
        key = stored.key
        self.store = store
        self.index = index
        let chains = Dictionary(stored.chains.map { ($0.member, $0) }) { _, later in later }
        state = Mutex(State(chains: chains))
        for chain in chains.values { index.note(chain, in: mesh, replacing: nil) }
    }

    func has(_ member: ULID) -> Bool { state.withLock { $0.chains[member] != nil } }

    func chain(of member: ULID) -> Chain? { state.withLock { $0.chains[member] } }

    func session(of member: ULID) -> BrokerSession? { state.withLock { $0.sessions[member] } }

    var sessionCount: Int { state.withLock { $0.sessions.count } }

    var sessions: [BrokerSession] { state.withLock { Array($0.sessions.values) } }

    /// Takes a session in: ends an older one of the same member, tells the newcomer who is here, and the others of the newcomer.
    /// - Throws: `ChainConflict`.
    func join(_ session: BrokerSession, chain: Chain, sessionID: [UInt8]) throws(ChainConflict) {
        let replaced: BrokerSession?
        do {
            replaced = try state.withLock { state throws(ChainConflict) in
                let isNew = try keep(chain, in: &state)
                let older = state.sessions.updateValue(session, forKey: chain.member)
                welcome(session, chain.member, sessionID, &state)
                announce(chain, isNew: isNew, cameOnline: older == nil, in: &state)
                return older
            }
        }
        replaced?.end(.replacedByNewerConnection)
    }

    /// Keeps a chain that a member introduced.
    func put(_ chain: Chain) throws(ChainConflict) {
        try state.withLock { state throws(ChainConflict) in
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

    private func welcome(_ session: BrokerSession, _ member: ULID, _ sessionID: [UInt8], _ state: inout State) {
        var frames = [MeshFrame.ready(Ready(member: member, session: sessionID)).encoded()]
        for (other, chain) in state.chains {
            frames.append(MeshFrame.member(Member(chain: chain, online: state.sessions[other] != nil)).encoded())
        }
        frames.append(MeshFrame.membersEnd(MembersEnd(version: state.version)).encoded())
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

/// A chain that may not replace the one known for its member.
enum ChainConflict: String, Error {
    /// Fewer rotations than known: an old state, or one rolled back.
    case shorter = "chain_shorter_than_known"
    /// Another key took the member id without the wallet's word.
    case foreign = "member_belongs_to_another_key"

    static func check(_ chain: Chain, replacing known: Chain) throws(ChainConflict) {
        if chain.certificate.ed25519 == known.certificate.ed25519 {
            // Under whatever certificate: keys that were rotated away never come back by a second one.
            guard chain.rotations.count >= known.rotations.count else { throw .shorter }
            guard chain.rotations.starts(with: known.rotations) else { throw .foreign }
        }
        if chain.certificate != known.certificate
            && (chain.certificate.ed25519 != known.certificate.ed25519 || chain.rotations.isEmpty)
        {
            let isLaterWord =
                chain.certificate.issuer == .wallet && chain.certificate.issuedAt > known.certificate.issuedAt
            guard isLaterWord else { throw .foreign }
        }
    }
}
