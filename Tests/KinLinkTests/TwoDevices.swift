import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire

@testable import KinLink

/// Two devices of one family, of which one calls the other.
struct TwoDevices: Sendable {
    static let now = TestClock.start
    let family: TestFamily
    let caller: TestDevice
    let called: TestDevice
    /// What both know of revocations.
    let revocations: RevocationLedger
    /// The newest chains both know, by member.
    var newest: [ULID: Chain] = [:]

    static func fresh() async throws -> TwoDevices {
        let family = try TestFamily()
        return TwoDevices(
            family: family, caller: try await family.device(), called: try await family.device(),
            revocations: RevocationLedger(mesh: family.mesh))
    }

    func credentials(_ device: TestDevice) -> LinkCredentials {
        LinkCredentials(chain: device.chain, key: device.keys.sealing, revocations: revocations) { [newest] in
            newest[$0]
        }
    }

    func initiator(continuing rest: CutLink? = nil, at now: Int64 = now) throws -> LinkInitiator {
        try LinkInitiator(
            as: credentials(caller), to: called.verified(), continuing: rest.flatMap { $0.resumption(at: now) })
    }

    func responder() -> LinkResponder { LinkResponder(as: credentials(called)) }

    /// A link between the two, as both sides see it.
    func links(id: LinkID = .random()) throws -> LinkPair {
        var calling = try initiator()
        var answering = responder()
        _ = try answering.read(calling.open(now: Self.now), now: Self.now)
        var caller = try Link(calling.finish(answering.answer(link: id, now: Self.now), now: Self.now))
        let called = try Link(answering.confirm(caller.next().orThrow("the first message")))
        return LinkPair(caller: caller, called: called)
    }

    /// The same link on a new connection.
    func continued(_ mine: CutLink, _ theirs: CutLink, at now: Int64 = now) throws -> LinkPair {
        var calling = try initiator(continuing: mine, at: now)
        var answering = responder()
        let asking = try answering.read(calling.open(now: now), now: now)
        var held = CutLinks()
        _ = held.hold(theirs)
        let through = held.receivedThrough(for: asking, own: called.keys.sealing.publicKey, now: now)
        let answer = try answering.answer(link: mine.id, receivedThrough: through.orThrow("the link"), now: now)
        var caller = try Link(continuing: mine, on: calling.finish(answer, now: now))
        let connection = try answering.confirm(caller.next().orThrow("the first message"))
        let rest = try held.take(mine.id).orThrow("the link")
        return LinkPair(caller: caller, called: try Link(continuing: rest, on: connection))
    }
}

/// Both ends of one link.
struct LinkPair: ~Copyable {
    var caller: Link
    var called: Link

    /// Carries everything over until nobody has anything to say.
    /// - Returns: the frames that came to the called side, and to the caller.
    mutating func settle() throws -> (called: [[UInt8]], caller: [[UInt8]]) {
        var came: (called: [[UInt8]], caller: [[UInt8]]) = ([], [])
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            while let message = try caller.next() {
                isQuiet = false
                if case .frame(let frame)? = try called.receive(message) { came.called.append(frame) }
            }
            while let message = try called.next() {
                isQuiet = false
                if case .frame(let frame)? = try caller.receive(message) { came.caller.append(frame) }
            }
        }
        return came
    }
}

extension LinkID {
    static func random() -> LinkID {
        // Sixteen bytes always make one.
        LinkID(Random.bytes(byteCount)) ?? LinkID.random()
    }
}

/// The fault that `body` ends with.
func fault(_ body: () throws -> Void) -> LinkFault? {
    do {
        try body()
        return nil
    } catch {
        return error as? LinkFault
    }
}

/// Byte number n is n modulo 251.
func content(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    let turn = [UInt8](0...250)
    while bytes.count < count { bytes += turn }
    return Array(bytes.prefix(count))
}
