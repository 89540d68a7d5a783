import KinCalls
import KinClient
import KinCrypto
import KinIdentity
import KinLink
import KinTesting
import KinWire
import Synchronization
import Testing

@testable import KinDaemon

@Suite struct LinkSessionTests {
    @Test("a connection that breaks with the other side's last word unread ends the link, and is no cut")
    func lastWord() async throws {
        try await House.run { house in
            let (laptop, studio) = try await (
                Installation(house.home("laptop")), Installation(house.home("studio"))
            )
            let member = try ChainVerifier(mesh: studio.mesh).verify(studio.chain, now: realNow())
            var calling = try LinkInitiator(as: Self.credentials(laptop), to: member)
            var called = LinkResponder(as: Self.credentials(studio))
            _ = try called.read(calling.open(now: realNow()), now: realNow())
            let id = try LinkID(Random.bytes(LinkID.byteCount)).orThrow("an id")
            let answer = try called.answer(link: id, now: realNow())
            var near = try Link(calling.finish(answer, now: realNow()))
            var far = try Link(called.confirm(near.next().orThrow("the third message")))
            far.end(reason: "leaving")
            let carrier = BrokenCarrier(last: try far.next().orThrow("the end"))
            let session = LinkSession(near, answering: NodeResponder(operations: Operations()), now: realNow)
            let path = try OperationPath("/device/info").orThrow("a path")
            let call = Task { try await session.calls.call(path) }
            guard case .over(let fault, .byPeer) = await session.link.run(over: carrier) else {
                session.end(.linkLost)
                throw MissingValue("the link's end")
            }
            #expect(fault.message.contains("leaving"))
            session.end(fault)
            await #expect(throws: fault) { try await call.value }
        }
    }

    @Test("what is to end a link that is just cut ends it on its next connection; one that is over goes on on none")
    func endedWhileCut() async throws {
        try await House.run { house in
            let (laptop, studio) = try await (
                Installation(house.home("laptop")), Installation(house.home("studio"))
            )
            for isOver in [false, true] {
                let near = try Link(Self.connection(laptop, studio))
                let id = near.id
                let session = LinkSession(near, answering: NodeResponder(operations: Operations()), now: realNow)
                let rest = try session.link.cut().orThrow("the rest of a link")
                if isOver { session.end(.linkLost) } else { session.link.close(reason: "idle") }
                let again = try Self.connection(laptop, studio, continuing: rest, id: id)
                let number = session.link.go(on: try Link(continuing: rest, on: again))
                #expect((number == nil) == isOver)
                guard let number else { continue }
                let outcome = await session.link.run(over: TakingCarrier(), on: number)
                guard case .over(_, .unused) = outcome else {
                    Issue.record("the link ends in order, and not by \(outcome)")
                    continue
                }
                session.end(.linkLost)
            }
        }
    }

    @Test("a link whose connection broke is found by who comes back at every moment, before it is held and after")
    func foundAtOnce() async throws {
        try await House.run { house in
            let (laptop, studio) = try await (
                Installation(house.home("laptop")), Installation(house.home("studio"))
            )
            let link = try Link(Self.connection(studio, laptop))
            let (id, own) = (link.id, studio.keys.sealing.publicKey)
            let session = LinkSession(link, answering: NodeResponder(operations: Operations()), now: realNow)
            let table = LinkTable(now: realNow)
            #expect(table.add(session))
            guard case .broke = await session.link.run(over: EndedCarrier()) else {
                throw MissingValue("the end of its connection")
            }
            let caller = try Self.caller(laptop, of: studio, for: LinkResumption(link: id, receivedThrough: 0))
            let early = try table.claim(for: caller, own: own).orThrow("a claim before it is held")
            #expect(table.hold(session, off: 0))
            #expect(table.claim(for: caller, own: own)?.receivedThrough == early.receivedThrough)
            #expect(table.take(early)?.session === session)
            // What is left of its connection has nothing to hold any more.
            #expect(!table.hold(session, off: 0))
            session.end(.linkLost)
        }
    }

    private static func caller(
        _ caller: Installation, of called: Installation, for resumption: LinkResumption
    ) throws -> LinkResponder.Caller {
        let member = try ChainVerifier(mesh: called.mesh).verify(called.chain, now: realNow())
        var calling = try LinkInitiator(as: credentials(caller), to: member, continuing: resumption)
        var answering = LinkResponder(as: credentials(called))
        return try answering.read(calling.open(now: realNow()), now: realNow())
    }

    /// The calling side's, of a handshake with a device that keeps to itself from then on.
    private static func connection(
        _ laptop: Installation, _ studio: Installation, continuing rest: CutLink? = nil, id: LinkID? = nil
    ) throws -> LinkConnection {
        let member = try ChainVerifier(mesh: studio.mesh).verify(studio.chain, now: realNow())
        var calling = try LinkInitiator(
            as: credentials(laptop), to: member, continuing: rest.flatMap { $0.resumption(at: realNow()) })
        var called = LinkResponder(as: credentials(studio))
        _ = try called.read(calling.open(now: realNow()), now: realNow())
        let link = try (id ?? LinkID(Random.bytes(LinkID.byteCount))).orThrow("an id")
        let answer = try called.answer(link: link, receivedThrough: rest == nil ? nil : 0, now: realNow())
        return try calling.finish(answer, now: realNow())
    }

    private static func credentials(_ installed: Installation) -> LinkCredentials {
        LinkCredentials(
            chain: installed.chain, key: installed.keys.sealing, revocations: installed.revocations,
            newest: { _ in nil })
    }
}

/// Sends nothing any more, and has a message that came before it broke.
private final class BrokenCarrier: LinkCarrier {
    private let last: Mutex<[UInt8]?>

    init(last: [UInt8]) { self.last = Mutex(last) }

    func send(_ frame: [UInt8]) async throws(LinkEnd) { throw LinkEnd(.peerClosed) }

    func receive(within limit: Duration?) async throws(LinkEnd) -> [UInt8] {
        guard let frame = last.withLock({ $0.take() }) else { throw LinkEnd(.peerClosed) }
        // Until the other half has given the connection up.
        while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
        return frame
    }

    func close(code: UInt16, reason: String) {}
}

/// Was closed by the other side.
private final class EndedCarrier: LinkCarrier {
    func send(_ frame: [UInt8]) async throws(LinkEnd) { throw LinkEnd(.peerClosed) }

    func receive(within limit: Duration?) async throws(LinkEnd) -> [UInt8] { throw LinkEnd(.peerClosed) }

    func close(code: UInt16, reason: String) {}
}

/// Takes everything, and brings nothing.
private final class TakingCarrier: LinkCarrier {
    func send(_ frame: [UInt8]) async throws(LinkEnd) {}

    func receive(within limit: Duration?) async throws(LinkEnd) -> [UInt8] {
        while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
        throw LinkEnd(.cancelled)
    }

    func close(code: UInt16, reason: String) {}
}
