import KinEncoding
import KinIdentity
import KinWire
import Synchronization

/// The members of the mesh as the broker tells them, each verified here; and who is connected.
final class Roster: Sendable {
    private struct State {
        var members: [ULID: VerifiedMember] = [:]
        /// Members whose certificates have ended: what they sent before still arrives.
        var ended: [ULID: VerifiedMember] = [:]
        var online: Set<ULID> = []
        /// Members of whom two rotations from one key were seen: one of them is a thief's, and nobody can tell which.
        var forked: Set<ULID> = []
    }

    private let verifier: ChainVerifier
    private let state = Mutex(State())

    init(mesh: MeshID, revocations: RevocationLedger) {
        verifier = ChainVerifier(mesh: mesh, revocations: revocations)
    }

    /// Forgets members that were revoked.
    func dropRevoked(by log: RevocationLog) {
        state.withLock { state in
            let revoked = state.members.filter { !log.entries(revoking: $0.value.chain).isEmpty }.keys
            for member in revoked {
                state.members[member] = nil
                state.online.remove(member)
            }
            state.ended = state.ended.filter { log.entries(revoking: $0.value.chain).isEmpty }
        }
    }

    /// A new session tells everything afresh; chains known stay known, as far as they have not ended.
    /// - Parameter now: milliseconds.
    func startOver(now: Int64) {
        state.withLock { state in
            state.online = []
            for (id, member) in state.members where member.hasEnded(by: now) {
                state.members[id] = nil
                state.ended[id] = member
            }
        }
    }

    /// Takes a chain in; an invalid one, or one shorter than known, is passed over.
    /// - Returns: whether it is known now.
    @discardableResult
    func add(_ chain: Chain, online: Bool, now: Int64) -> Bool {
        if let end = chain.certificate.expiresAt, end <= now { return addEnded(chain, end) }
        guard let member = known(chain) ?? (try? verifier.verify(chain, now: now)) else { return false }
        return state.withLock { state in
            guard !state.forked.contains(member.member) else { return false }
            let current = state.members[member.member]
            if let current, current.chain.isFork(of: chain) {
                state.forked.insert(member.member)
                state.members[member.member] = nil
                return false
            }
            if (current?.chain.rotations.count ?? 0) <= chain.rotations.count { state.members[member.member] = member }
            if online { state.online.insert(member.member) }
            return true
        }
    }

    /// Verified as of its last moment.
    private func addEnded(_ chain: Chain, _ end: Int64) -> Bool {
        guard let member = try? verifier.verify(chain, now: end - 1) else { return false }
        return state.withLock { state in
            guard !state.forked.contains(member.member) else { return false }
            state.ended[member.member] = member
            return true
        }
    }

    /// Members whose keys forked: refused until the wallet certifies them anew under another id.
    var forked: Set<ULID> { state.withLock { $0.forked } }

    private func known(_ chain: Chain) -> VerifiedMember? {
        state.withLock { $0.members[chain.member] }.flatMap { $0.chain == chain ? $0 : nil }
    }

    func set(_ member: ULID, online: Bool) {
        state.withLock { state in
            if online { state.online.insert(member) } else { state.online.remove(member) }
        }
    }

    func member(_ id: ULID) -> VerifiedMember? { state.withLock { $0.members[id] } }

    /// A member whose certificate has ended.
    func ended(_ id: ULID) -> VerifiedMember? { state.withLock { $0.ended[id] } }

    func isOnline(_ id: ULID) -> Bool { state.withLock { $0.online.contains(id) } }

    var all: [VerifiedMember] {
        state.withLock { $0.members.values.sorted { $0.member.description < $1.member.description } }
    }

    /// Members that are connected.
    var onlineMembers: Set<ULID> { state.withLock { $0.online } }
}
