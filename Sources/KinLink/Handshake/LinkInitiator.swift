import KinCrypto
import KinIdentity
import KinNoise
import KinWire

/// The side that calls: one message out, one answer in.
///
///     var calling = LinkInitiator(as: own, to: device)
///     let first = try calling.open(now: now)
///     let connection = try calling.finish(answer, now: now)
///     var link = try Link(connection)       // its first message must be sent at once: the other side waits for it
public struct LinkInitiator: ~Copyable, Sendable {
    private let own: LinkCredentials
    private let target: VerifiedMember
    private let resumption: LinkResumption?
    private var handshake: NoiseHandshake

    /// - Parameters:
    ///   - target: the device to call, by its newest chain.
    ///   - resumption: of the link to continue (`CutLink.resumption`); nil: a new one.
    ///   - ephemeral: random unless a test says otherwise.
    /// - Throws: `keyMismatch` where the target's chain has no key.
    public init(
        as own: LinkCredentials, to target: VerifiedMember, continuing resumption: LinkResumption? = nil,
        ephemeral: X25519.PrivateKey = .random()
    ) throws(LinkFault) {
        guard let remote = target.x25519.first else { throw .keyMismatch }
        self.own = own
        self.target = target
        self.resumption = resumption
        handshake = .initiatingIK(
            prologue: own.prologue(calling: target.machineID), own: own.key, remote: remote, ephemeral: ephemeral)
    }

    /// The first message.
    /// - Parameters:
    ///   - nonce: 16 bytes; random unless a test says otherwise.
    ///   - now: milliseconds.
    /// - Throws: `malformed` when asked twice.
    public mutating func open(
        nonce: [UInt8] = Random.bytes(LinkOpening.nonceBytes), now: Int64
    ) throws(LinkFault) -> [UInt8] {
        let opening = LinkOpening(
            chain: own.chain, revocationHead: own.head(), nonce: nonce, time: now, resume: resumption)
        do throws(NoiseFault) { return try handshake.write(opening.canonicalBytes()) } catch { throw .malformed }
    }

    /// Reads the answer.
    /// - Parameter now: milliseconds.
    /// - Throws: `doesNotOpen`, `malformed`, `refused`, `wrongDevice`, or what is wrong with the other side's chain or clock.
    public consuming func finish(_ answer: [UInt8], now: Int64) throws(LinkFault) -> LinkConnection {
        let acceptance = try Self.read(answer, &handshake)
        let peer = try own.check(
            acceptance.chain, key: handshake.remoteStatic, time: acceptance.time, now: now)
        guard peer.member == target.member, peer.machineID == target.machineID else { throw .wrongDevice }
        let continuation = try continuation(acceptance)
        let ownKey = own.key.publicKey
        let transport: NoiseTransport
        do throws(NoiseFault) { transport = try handshake.split() } catch { throw .malformed }
        own.stated(acceptance.revocationHead, peer)
        return LinkConnection(
            link: acceptance.link, peer: peer, isInitiator: true, continuation: continuation, ownKey: ownKey,
            transport: transport)
    }

    private static func read(
        _ answer: [UInt8], _ handshake: inout NoiseHandshake
    ) throws(LinkFault) -> LinkAcceptance {
        let payload: [UInt8]
        do throws(NoiseFault) { payload = try handshake.read(answer) } catch { throw .doesNotOpen }
        switch try? LinkAnswer(canonical: payload) {
        case .accepted(let acceptance): return acceptance
        case .refused(let code): throw .refused(code: code)
        case nil: throw .malformed
        }
    }

    /// Only what was asked for is continued.
    private func continuation(_ acceptance: LinkAcceptance) throws(LinkFault) -> LinkConnection.Continuation? {
        guard let through = acceptance.receivedThrough else {
            guard acceptance.link != resumption?.link else { throw .malformed }
            return nil
        }
        guard let resumption, acceptance.link == resumption.link else { throw .malformed }
        return LinkConnection.Continuation(own: resumption.receivedThrough, other: through)
    }
}
