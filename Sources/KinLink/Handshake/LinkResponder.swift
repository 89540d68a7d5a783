import KinCrypto
import KinIdentity
import KinNoise
import KinWire

/// The side that is called. Until `confirm` has taken the caller's first transport message nothing may follow from the call: the first message can
/// be a repeat of one that somebody recorded, and only who has the keys can go on from the answer.
///
///     var called = LinkResponder(as: own)
///     let caller = try called.read(first, now: now)       // on a fault: called.refuse(fault)
///     let answer = try called.answer(…, now: now)
///     let connection = try called.confirm(second)
public struct LinkResponder: ~Copyable, Sendable {
    /// Who calls, if it is no repeat.
    public struct Caller: Hashable, Sendable {
        public let peer: VerifiedMember
        public let revocationHead: RevocationHead
        /// The link to continue, if this side still has it.
        public let resumption: LinkResumption?
    }

    private let own: LinkCredentials
    private var handshake: NoiseHandshake
    private var caller: Caller?
    private var answered: (link: LinkID, receivedThrough: Int64?)?

    /// - Parameter ephemeral: random unless a test says otherwise.
    public init(as own: LinkCredentials, ephemeral: X25519.PrivateKey = .random()) {
        self.own = own
        handshake = .respondingIK(
            prologue: own.prologue(calling: own.chain.certificate.machineID), own: own.key, ephemeral: ephemeral)
    }

    /// Reads the first message.
    /// - Parameter now: milliseconds.
    /// - Throws: `doesNotOpen`, `malformed`, or what is wrong with the caller's chain or clock.
    public mutating func read(_ message: [UInt8], now: Int64) throws(LinkFault) -> Caller {
        let payload: [UInt8]
        do throws(NoiseFault) { payload = try handshake.read(message) } catch { throw .doesNotOpen }
        guard let opening = try? LinkOpening(canonical: payload) else { throw .malformed }
        let peer = try own.check(opening.chain, key: handshake.remoteStatic, time: opening.time, now: now)
        let caller = Caller(peer: peer, revocationHead: opening.revocationHead, resumption: opening.resume)
        self.caller = caller
        return caller
    }

    /// The answer.
    /// - Parameters:
    ///   - link: a fresh one, or the one the caller asked for.
    ///   - receivedThrough: how far that one has come (`CutLink`, `Link`); nil: it is new.
    ///   - now: milliseconds.
    /// - Throws: `malformed` before a caller was read, or where another link is continued than the one asked for.
    public mutating func answer(
        link: LinkID, receivedThrough: Int64? = nil, now: Int64
    ) throws(LinkFault) -> [UInt8] {
        guard let caller, answered == nil, (receivedThrough == nil) != (caller.resumption?.link == link) else {
            throw .malformed
        }
        answered = (link, receivedThrough)
        let acceptance = LinkAcceptance(
            chain: own.chain, revocationHead: own.head(), time: now, link: link, receivedThrough: receivedThrough)
        return try write(.accepted(acceptance))
    }

    /// The answer to a caller that `read` refused; nil where it is better told nothing.
    public mutating func refuse(_ fault: LinkFault) -> [UInt8]? {
        guard fault.isTold, caller == nil else { return nil }
        return try? write(.refused(code: fault.code))
    }

    /// Reads the caller's first transport message, an acknowledgement: now it is who it says.
    /// - Throws: `unconfirmed` for anything else.
    public consuming func confirm(_ message: [UInt8]) throws(LinkFault) -> LinkConnection {
        guard let caller, let answered else { throw .unconfirmed }
        let ownKey = own.key.publicKey
        var transport: NoiseTransport
        do throws(NoiseFault) { transport = try handshake.split() } catch { throw .unconfirmed }
        let through = caller.resumption.flatMap { answered.receivedThrough == nil ? nil : $0.receivedThrough }
        guard let record = try? LinkRecord(transport.open(message)),
            record == .acknowledgement(through: through ?? 0)
        else { throw .unconfirmed }
        let continuation = answered.receivedThrough.flatMap { own in
            through.map { LinkConnection.Continuation(own: own, other: $0) }
        }
        own.stated(caller.revocationHead, caller.peer)
        return LinkConnection(
            link: answered.link, peer: caller.peer, isInitiator: false, continuation: continuation, ownKey: ownKey,
            transport: transport)
    }

    private mutating func write(_ answer: LinkAnswer) throws(LinkFault) -> [UInt8] {
        do throws(NoiseFault) { return try handshake.write(answer.canonicalBytes()) } catch { throw .malformed }
    }
}
