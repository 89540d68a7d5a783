import KinCalls
import KinCrypto
import KinEncoding
import KinIdentity
import KinLink
import KinWire
import Synchronization

/// The links that other devices opened to this one: those that live, and those that were cut and may be continued.
final class LinkTable: Sendable {
    private struct State {
        var sessions: [LinkID: LinkSession] = [:]
        var cut = CutLinks()
        var isClosed = false

        func hasRoom(for member: ULID) -> Bool {
            let others = sessions.values.filter { $0.peer.member == member }.count
            return !isClosed && sessions.count < LinkTable.maxLinks && others < LinkTable.maxLinksEach
        }
    }

    static let maxLinks = 128
    /// Of one device.
    static let maxLinksEach = 16

    private let state = Mutex(State())
    /// Milliseconds.
    private let now: @Sendable () -> Int64

    init(now: @escaping @Sendable () -> Int64) { self.now = now }

    var count: Int { state.withLock { $0.sessions.count } }

    /// What a caller is answered that asks to continue a link; nil: it is not held. The caller may be a repeat, so nothing changes.
    func claim(for caller: LinkResponder.Caller, own: X25519.PublicKey) -> LinkClaim? {
        guard let asked = caller.resumption?.link else { return nil }
        return state.withLock { state in
            guard let session = state.sessions[asked] else { return nil }
            let connection = session.link.connection
            let held = state.cut.receivedThrough(for: caller, own: own, now: now())
            return (held ?? session.link.receivedThrough(for: caller, own: own)).map {
                LinkClaim(link: asked, receivedThrough: $0, connection: connection)
            }
        }
    }

    /// Whether one more link of a member would be taken.
    func hasRoom(for member: ULID) -> Bool { state.withLock { $0.hasRoom(for: member) } }

    /// A new link. Whoever opens one has forgotten those that were cut: they end.
    /// - Returns: false where there is no room for another link.
    func add(_ session: LinkSession) -> Bool {
        let (isAdded, forgotten) = state.withLock { state -> (Bool, [LinkSession]) in
            let member = session.peer.member
            let forgotten = state.cut.drop(of: member).compactMap { state.sessions.removeValue(forKey: $0.id) }
            guard state.hasRoom(for: member) else { return (false, forgotten) }
            state.sessions[session.id] = session
            return (true, forgotten)
        }
        for session in forgotten { session.end(.linkLost) }
        return isAdded
    }

    /// The link that a confirmed connection continues, off whatever carried it before; nil: it has ended, or was continued since the claim.
    func take(_ claim: LinkClaim) -> (session: LinkSession, rest: CutLink)? {
        state.withLock { state in
            guard let session = state.sessions[claim.link], session.link.connection == claim.connection,
                let rest = state.cut.take(claim.link) ?? session.link.cut()
            else { return nil }
            return (session, rest)
        }
    }

    /// Keeps a link whose connection broke, for whoever comes back for it: it is found on its connection until it is found here.
    /// - Returns: false where it goes on over another one already, or is over.
    func hold(_ session: LinkSession, off connection: Int) -> Bool {
        let (isHeld, over) = state.withLock { state -> (Bool, [(LinkSession, CallFault)]) in
            switch session.link.rest(of: connection) {
            case .displaced: return (false, [])
            case .over(let fault, _):
                return (false, state.sessions.removeValue(forKey: session.id).map { [($0, fault)] } ?? [])
            case .cut(let rest):
                guard state.sessions[session.id] != nil else { return (false, [(session, .linkEnded("closed"))]) }
                let dropped = state.cut.hold(rest).compactMap { state.sessions.removeValue(forKey: $0.id) }
                return (state.sessions[session.id] != nil, dropped.map { ($0, .linkLost) })
            }
        }
        for (session, fault) in over { session.end(fault) }
        return isHeld
    }

    func remove(_ id: LinkID, because fault: CallFault) {
        state.withLock { $0.sessions.removeValue(forKey: id) }?.end(fault)
    }

    /// Gives up the links that nobody came back for, and those with devices that are members no more.
    func sweep(isMember: (VerifiedMember) -> Bool) {
        let time = now()
        let (late, former) = state.withLock { state in
            let late = state.cut.sweep(now: time).compactMap { state.sessions.removeValue(forKey: $0.id) }
            let former = state.sessions.values.filter { !isMember($0.peer) }
            for session in former {
                state.sessions[session.id] = nil
                _ = state.cut.take(session.id)
            }
            return (late, former)
        }
        for session in late { session.end(.linkLost) }
        for session in former { session.end(.notAMember) }
    }

    /// Takes no more, and ends all there are.
    func close() -> [LinkSession] {
        state.withLock { state in
            state.isClosed = true
            defer { state.sessions = [:] }
            return Array(state.sessions.values)
        }
    }
}

/// A link as it stood when its caller asked to continue it.
struct LinkClaim: Sendable {
    let link: LinkID
    let receivedThrough: Int64
    /// Which of its connections it was on.
    let connection: Int
}

extension CallFault {
    static let linkLost = CallFault(.unavailable, "the link was cut, and nobody came back within 30 seconds: try again")
    static let notAMember = CallFault(.unavailable, "that device is no member of the mesh any more: see  kin devices")
}
