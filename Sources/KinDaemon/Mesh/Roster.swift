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

        mutating func take(_ member: VerifiedMember, besides other: Chain?, online: Bool, hasEnded: Bool) -> Outcome {
            let (id, chain) = (member.member, member.chain)
            guard !forked.contains(id) else { return .forked }
            if let current = members[id], current.chain.isFork(of: chain) {
                forked.insert(id)
                members[id] = nil
                return .forked
            }
            var outcome = Outcome.taken
            do throws(ChainConflict) {
                for known in [other, members[id]?.chain, ended[id]?.chain] {
                    if let known { try chain.check(replacing: known) }
                }
                if hasEnded { ended[id] = member } else { members[id] = member }
            } catch {
                guard error == .shorter else { return .foreign }
                outcome = .shorter
            }
            if online && !hasEnded && members[id] != nil { self.online.insert(id) }
            return outcome
        }
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

    /// What became of a chain that was told.
    enum Outcome {
        case taken
        /// It is not valid.
        case invalid
        /// What is known of its member stays (`ChainConflict`).
        case shorter, foreign
        /// Another rotated the same key: neither is believed.
        case forked
    }

    /// Takes a chain in.
    /// - Parameters:
    ///   - other: what is known of its member besides.
    ///   - now: milliseconds.
    @discardableResult
    func add(_ chain: Chain, besides other: Chain? = nil, online: Bool, now: Int64) -> Outcome {
        let end = chain.certificate.expiresAt ?? .max
        // Of one that has ended the last moment counts: what was sent before still arrives.
        guard let member = known(chain) ?? (try? verifier.verify(chain, now: min(now, end - 1))) else {
            return .invalid
        }
        return state.withLock { $0.take(member, besides: other, online: online, hasEnded: end <= now) }
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
