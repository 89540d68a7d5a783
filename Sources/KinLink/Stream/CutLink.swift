import KinCrypto
import KinIdentity
import KinWire

/// What is left of a link whose carrier ended: enough to go on without losing or repeating a byte, for 30 s.
public struct CutLink: Sendable {
    public let id: LinkID
    public let peer: VerifiedMember
    /// When it was cut, milliseconds.
    public let time: Int64
    let ownKey: X25519.PublicKey
    let maxFrame: Int
    let outgoing: OutgoingStream
    let incoming: IncomingStream

    /// The position up to which everything has come.
    public var receivedThrough: Int64 { incoming.receivedThrough }

    /// The bytes it holds in memory.
    public var byteCount: Int { outgoing.byteCount + incoming.byteCount }

    /// Rises with whatever came over, either way.
    public var progress: Int64 { incoming.receivedThrough + outgoing.acknowledged }

    /// Whether it is too late to continue it.
    /// - Parameter now: milliseconds.
    public func isOver(at now: Int64) -> Bool { now - time > LinkLimits.resumeWithin }

    /// What a new handshake asks for; nil once it is too late.
    /// - Parameter now: milliseconds.
    public func resumption(at now: Int64) -> LinkResumption? {
        isOver(at: now) ? nil : LinkResumption(link: id, receivedThrough: receivedThrough)
    }

    /// Whether the two sides have the keys they had.
    func isBetween(_ own: X25519.PublicKey, _ other: VerifiedMember) -> Bool {
        ownKey == own && peer.isReachable(like: other)
    }
}

extension VerifiedMember {
    /// Whether it is the same member with the same key for links.
    func isReachable(like other: VerifiedMember) -> Bool {
        member == other.member && x25519.first == other.x25519.first
    }
}

extension Link {
    /// How far this link, whose cut this side has not noticed, has come for the one that asks to continue it; nil: it asks for another, or has other
    /// keys. Nothing changes, as the caller may be a repeat.
    public func receivedThrough(for caller: LinkResponder.Caller, own: X25519.PublicKey) -> Int64? {
        let isAsked = caller.resumption?.link == id && ownKey == own && !hasEnded
        return isAsked && peer.isReachable(like: caller.peer) ? receivedThrough : nil
    }

    /// The carrier ended.
    /// - Parameter now: milliseconds.
    /// - Returns: nil where the link itself had ended, or broke the rules: there is nothing to continue.
    public consuming func cut(at now: Int64) -> CutLink? {
        guard !hasEnded else { return nil }
        return CutLink(
            id: id, peer: peer, time: now, ownKey: ownKey, maxFrame: maxFrame, outgoing: outgoing, incoming: incoming)
    }

    /// Goes on with a cut link over a new connection between the same keys.
    /// - Throws: `lost` where `connection` is of another link or between other keys; `positionInvalid` where the other side lacks what is not kept.
    public init(continuing rest: CutLink, on connection: consuming LinkConnection) throws(LinkFault) {
        try self.init(continuing: rest, on: connection, rekeyAfter: LinkLimits.rekeyAfter)
    }

    init(
        continuing rest: CutLink, on connection: consuming LinkConnection, rekeyAfter: UInt64
    ) throws(LinkFault) {
        guard let positions = connection.continuation, connection.link == rest.id,
            rest.isBetween(connection.ownKey, connection.peer), positions.own <= rest.receivedThrough
        else { throw .lost }
        var (outgoing, incoming) = (rest.outgoing, rest.incoming)
        try outgoing.restart(from: positions.other)
        incoming.restart(from: positions.own)
        self.init(
            connection, outgoing: outgoing, incoming: incoming, maxFrame: rest.maxFrame, rekeyAfter: rekeyAfter)
    }
}
